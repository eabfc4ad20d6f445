// SPDX-License-Identifier: MIT
// When two types are one type to an ABI. Pure.
import type { CType } from './facts.ts';

/** Words that change nothing about how a value is laid out or passed. */
const QUALIFIERS = new Set(['const', 'volatile', 'restrict', '__restrict', 'register', 'extern', 'static', 'inline']);

/** One spelling for each width; the endianness annotations of sparse are integers. */
const SPELLINGS = new Map<string, string>([
  ...[8, 16, 32, 64].flatMap((bits): [string, string][] => [
    [`uint${bits}_t`, `u${bits}`],
    [`__u${bits}`, `u${bits}`],
    [`__be${bits}`, `u${bits}`],
    [`__le${bits}`, `u${bits}`],
    [`be${bits}_t`, `u${bits}`],
    [`int${bits}_t`, `s${bits}`],
    [`__s${bits}`, `s${bits}`],
  ]),
  ['_Bool', 'bool'],
  ['__aligned_u64', 'u64'],
]);

/** Words of one integer type, in any order, to its width. `long` stays: it differs between machines. */
const WORDS = new Set(['unsigned', 'signed', 'int', 'char', 'short', 'long']);

function integer(words: readonly string[]): string {
  const unsigned = words.includes('unsigned') ? 'u' : 's';
  const longs = words.filter(word => word === 'long').length;
  if (words.includes('char')) return words.includes('unsigned') ? 'u8' : words.includes('signed') ? 's8' : 'char';
  if (words.includes('short')) return `${unsigned}16`;
  if (longs > 1) return `${unsigned}64`;
  return longs === 1 ? `${unsigned}long` : `${unsigned}32`;
}

/** Drops qualifiers and gives each integer one spelling. An enum is `enum`, whatever its tag: they are all one size. */
export function normaliseTokens(tokens: readonly string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (QUALIFIERS.has(token)) continue;
    if (token === 'enum') {
      out.push('enum');
      if (/^\w/.test(tokens[at + 1] ?? '')) at++;
    } else if (WORDS.has(token)) {
      const words = [token];
      for (; WORDS.has(tokens[at + 1] ?? '') || QUALIFIERS.has(tokens[at + 1] ?? ''); at++)
        words.push(tokens[at + 1] ?? '');
      out.push(integer(words));
    } else out.push(SPELLINGS.get(token) ?? token);
  }
  return out;
}

/** A token without what no layout and no calling convention shows: the sign; an enum is as wide as an int. */
function width(token: string): string {
  if (token === 'enum') return 'int32';
  if (token === 'char') return 'int8';
  return /^[us](?:8|16|32|64|long)$/.test(token) ? `int${token.slice(1)}` : token;
}

/** `alias` says when two struct tags name one thing (a rename inside the series). */
export function sameType(a: CType, b: CType, alias: (a: string, b: string) => boolean = () => false): boolean {
  if (a.tokens.length !== b.tokens.length) return false;
  return a.tokens.every((left, at) => {
    const right = b.tokens[at] ?? '';
    if (width(left) === width(right)) return true;
    return ['struct', 'union'].includes(a.tokens[at - 1] ?? '') && alias(left, right);
  });
}

/** Bytes of a scalar that is as wide on every machine that runs rdma-core; undefined for all else. */
export function scalarBytes(type: CType): number | undefined {
  const [base = '', ...rest] = type.tokens;
  if (rest.join() !== '@') return undefined;
  const bits = /^int(8|16|32|64)$/.exec(width(base))?.[1];
  return bits === undefined ? undefined : Number(bits) / 8;
}
