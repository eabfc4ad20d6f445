// SPDX-License-Identifier: MIT
// C-quoted file names as git writes them ("a/tab\there", octal for bytes above 127). Pure text to text.

const SIMPLE: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/** Reads the quoted name that starts at `start`; undefined where it is not well-formed. `end` is behind the closing quote. */
export function readQuoted(text: string, start = 0): { name: string; end: number } | undefined {
  if (text[start] !== '"') return undefined;
  const bytes: number[] = [];
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return { name: Buffer.from(bytes).toString('utf8'), end: at + 1 };
    if (char !== '\\') {
      const point = text.codePointAt(at)!;
      bytes.push(...Buffer.from(String.fromCodePoint(point), 'utf8'));
      if (point > 0xffff) at++;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4));
    if (octal) {
      bytes.push(Number.parseInt(octal[0], 8));
      at += 3;
      continue;
    }
    const simple = SIMPLE[text[at + 1] ?? ''];
    if (simple === undefined) return undefined;
    bytes.push(simple);
    at++;
  }
  return undefined;
}

/** A whole field that may be quoted: `"a/\303\274.c"` or `a/b.c`. */
export function unquote(field: string): string {
  return readQuoted(field)?.name ?? field;
}
