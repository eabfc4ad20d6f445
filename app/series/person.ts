// SPDX-License-Identifier: MIT
// Whom a From line names: git's handle_from with its quirks, because the commit's author must be the one git would record.
import type { Person } from '../model/mail.ts';

/** Comments keep their parentheses, quoted strings lose their quotes, a backslash protects. */
function unquotePairs(line: string): string {
  let out = '';
  for (let at = 0; at < line.length; at++) {
    const open = line[at]!;
    if (open !== '"' && open !== '(') {
      out += open;
      continue;
    }
    const close = open === '"' ? '"' : ')';
    if (open === '(') out += open;
    let depth = 1;
    for (at++; at < line.length; at++) {
      const char = line[at]!;
      if (char === '\\') {
        at++;
        out += line[at] ?? '';
        continue;
      }
      if (char === close && --depth === 0) break;
      if (char === '(' && open === '(') depth++;
      out += char;
    }
    if (open === '(' && at < line.length) out += close;
  }
  return out;
}

/** A name that is empty, longer than 60 bytes or looks like an address gives way to the address (get_sane_name). */
function saneName(name: string, address: string): string {
  return name === '' || Buffer.byteLength(name) > 60 || /[@<>]/.test(name) ? address : name;
}

const collapse = (text: string): string => text.replace(/[ \t\r\n]+/g, ' ');

/** `from` is decoded and unfolded. */
export function readPerson(from: string): Person {
  const line = collapse(from);
  const plain = unquotePairs(line);
  const at = plain.indexOf('@');
  if (at < 0) {
    const bogus = /^([^<]*)<([^>]*)>/.exec(line);
    if (!bogus) return { name: '', address: '' };
    return { name: saneName(bogus[1]!.trim(), bogus[2]!), address: bogus[2]! };
  }
  let start = at;
  while (start > 0 && !/[ \t\r\n<]/.test(plain[start - 1]!)) start--;
  const bracket = plain[start - 1] === '<';
  const length = /^[^ \n\t\r\v\f>]*/.exec(plain.slice(start))![0].length;
  const address = plain.slice(start, start + length);
  const rest = plain.slice(0, bracket ? start - 1 : start) + (bracket ? ' ' : '') + plain.slice(start + length + 1);
  let name = collapse(rest).replace(/^ | $/g, '');
  if (name.startsWith('(') && name.endsWith(')')) name = name.slice(1, -1);
  return { name: saneName(name, address), address };
}
