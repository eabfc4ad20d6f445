// SPDX-License-Identifier: MIT
// Trailers: those of a log by the rules of `git interpret-trailers`, those given in a reply by b4's. Pure.
import type { Person, Trailer } from '../model/mail.ts';

const GIT_MADE = /^(?:Signed-off-by: |\(cherry picked from commit )/;
const TOKEN = /^([A-Za-z0-9-]+)[ \t]*:(.*)$/;

/** The trailers in a log's last paragraph. */
export function logTrailers(log: string): Trailer[] {
  const lines = log.trimEnd().split('\n');
  let start = lines.length;
  while (start > 0 && lines[start - 1]!.trim() !== '') start--;
  const block = lines.slice(start);
  return isTrailerBlock(block) ? readBlock(block) : [];
}

/** All trailers; or some, with one that git itself makes, and at most three other lines to each. */
function isTrailerBlock(block: readonly string[]): boolean {
  let [trailers, others, folded, known] = [0, 0, 0, false];
  for (const line of [...block].reverse()) {
    if (line.startsWith('#')) {
      others += folded;
      folded = 0;
    } else if (GIT_MADE.test(line)) {
      [trailers, folded, known] = [trailers + 1, 0, true];
    } else if (TOKEN.test(line)) {
      [trailers, folded] = [trailers + 1, 0];
    } else if (/^\s/.test(line)) {
      folded++;
    } else {
      [others, folded] = [others + 1 + folded, 0];
    }
  }
  others += folded;
  return trailers > 0 && (others === 0 || (known && trailers * 3 >= others));
}

function readBlock(block: readonly string[]): Trailer[] {
  const trailers: { key: string; value: string }[] = [];
  let open: { key: string; value: string } | undefined;
  for (const line of block) {
    if (line.startsWith('#')) continue;
    const token = TOKEN.exec(line);
    if (token) {
      open = { key: token[1]!, value: token[2]!.trim() };
      trailers.push(open);
    } else if (open && /^\s/.test(line)) {
      open.value = `${open.value} ${line.trim()}`.trim();
    } else {
      open = undefined;
    }
  }
  return trailers;
}

const NOT_GIVEN = new Set(
  'phone mail email e-mail prerequisite-message-id from author cc to date subject subscribe unsubscribe base-commit change-id message-id'.split(
    ' ',
  ),
);
/** More than anybody writes by hand; trailers stand at its head or not at all. */
const MAX_BODY = 256 * 1024;
const LINKS = new Set(['link', 'buglink', 'closes']);
const WITHOUT_PERSON = new Set([...LINKS, 'fixes', 'obsoleted-by']);

/** Trailers that a reply gives in its own words: never from what it quotes, never below its signature. */
export function replyTrailers(body: string): Trailer[] {
  const text = `${body.slice(0, MAX_BODY).split('\n-- \n', 1)[0]!.trim()}\n`
    // Mailers wrap `Fixes: 123456 ("a long\nsubject")` and `Reviewed-by: A Name\n<address>`.
    .replace(/^([^\s>]\S*:[ \t]+[\da-f]+[ \t]+\([^)\n]+)\n([^\n]+\))/gm, '$1 $2')
    .replace(/^([^\s>]\S*:[ \t][^<\n]+)\n(<[^>\n]+>)$/gm, '$1 $2');
  const trailers: Trailer[] = [];
  for (const line of text.split('\n')) {
    const match = line.length < 2000 ? /^\s*(\w[\w-]+):\s+(\S.*)/.exec(line) : null;
    if (match && isGiven(match[1]!, match[2]!)) {
      trailers.push({ key: match[1]!, value: match[2]!.replace(/(?<!\s)\s+#[^#]+$/, '').trim() });
    }
  }
  return trailers;
}

function isGiven(token: string, value: string): boolean {
  const key = token.toLowerCase();
  if (NOT_GIVEN.has(key)) return false;
  if (!/\S@\S+\.\S/.test(value) && !WITHOUT_PERSON.has(key)) return false;
  if (/https?:\/\//.test(value) && !LINKS.has(key)) return false;
  return key !== 'fixes' || /^[0-9a-f]{6,}/.test(value);
}

/** Whether the reply's sender may give it: nobody reviews in another's name. */
export function isOwnTrailer(trailer: Trailer, sender: Person): boolean {
  const person = /^(.*?)\s*<([^<>]+)>\s*$/.exec(trailer.value);
  const address = person?.[2] ?? /\S+@\S+\.\S+/.exec(trailer.value)?.[0];
  if (address === undefined || WITHOUT_PERSON.has(trailer.key.toLowerCase())) return true;
  if (isSameAddress(address, sender.address)) return true;
  const name = (person?.[1] ?? '').replace(/^"|"$/g, '').toLowerCase();
  return name !== '' && name === sender.name.toLowerCase();
}

/** Also `me+list@host` for `me@host`, and `me@eu.example.org` for `me@example.org`. */
function isSameAddress(one: string, two: string): boolean {
  const [a, b] = [one, two].map(address =>
    address
      .toLowerCase()
      .replace(/\+[^@]+@/, '@')
      .split('@'),
  );
  if (!a || !b || a.length !== 2 || b.length !== 2) return one.toLowerCase() === two.toLowerCase();
  if (a[0] !== b[0]) return false;
  const [long, short] = a[1]!.length > b[1]!.length ? [a[1]!, b[1]!] : [b[1]!, a[1]!];
  const levels = (host: string): number => host.split('.').length;
  return long === short || (long.endsWith(`.${short}`) && levels(long) - levels(short) === 1);
}
