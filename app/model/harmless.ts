// SPDX-License-Identifier: MIT
// Text of strangers made harmless for the place where it is shown. Everything that comes from a mail, a compiler or a guest goes through here.

/** Nothing that moves a cursor, changes a colour or hides text: controls, invisible characters and lone surrogates become `\u{…}`; tab stays. */
export function forLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, c =>
    c === '\t' ? c : c === '\n' ? ' ' : `\\u{${c.codePointAt(0)!.toString(16)}}`,
  );
}

/** As `forLine`, line ends kept. */
export function forTerminal(text: string): string {
  return text.split('\n').map(forLine).join('\n');
}

/** For Markdown prose: no mention, reference, link, image, HTML, heading or list can come out of it. */
export function forMarkdown(text: string): string {
  return forLine(text)
    .replace(/[\\`*_{}[\]!|~&<>]/g, c => ENTITIES[c] ?? `\\${c}`)
    .replace(/^\s*(?=[-+#=])/, '\\')
    .replace(/^\s*(\d+)(?=[.)])/, '$1\\')
    .replace(/[@#](?=\w)/g, '$&\u200b')
    .replace(/\b(https?|ftp|mailto|xmpp):/gi, '$1\u200b:')
    .replace(/\b(www)\./gi, '$1\u200b.');
}

// An ampersand would let a mention in as `&#64;name`: GitHub looks for mentions in what Markdown has made of the text.
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** For a code span: a fence longer than any run of backticks inside. */
export function codeSpan(text: string): string {
  const clean = forLine(text).replace(/@/g, '@\u200b');
  const fence = '`'.repeat(longestRun(clean) + 1);
  const pad = clean.startsWith('`') || clean.endsWith('`') || clean === '' ? ' ' : '';
  return fence + pad + clean + pad + fence;
}

/** For a code block, fence included. */
export function codeBlock(text: string, language = ''): string {
  const clean = forTerminal(text);
  const fence = '`'.repeat(Math.max(3, longestRun(clean) + 1));
  return `${fence}${language}\n${clean}\n${fence}`;
}

/** How many backticks stand side by side at most; a stranger's text has runs without number. */
function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
