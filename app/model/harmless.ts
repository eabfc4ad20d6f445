// SPDX-License-Identifier: MIT
// Text of strangers made harmless for the place where it is shown. Everything that comes from a mail, a compiler or a guest goes through here.

/** Nothing that moves a cursor, changes a colour or hides text: controls and bidirectional overrides become `\u{…}`; tab stays. */
export function forLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c =>
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
    .replace(/[\\`*_{}[\]!|~<>]/g, c => (c === '<' ? '&lt;' : c === '>' ? '&gt;' : `\\${c}`))
    .replace(/^\s*(?=[-+#=])/, '\\')
    .replace(/[@#](?=\w)/g, '$&\u200b')
    .replace(/\b(https?):/gi, '$1\u200b:');
}

/** For a code span: a fence longer than any run of backticks inside. */
export function codeSpan(text: string): string {
  const clean = forLine(text).replace(/@/g, '@\u200b');
  const longest = Math.max(0, ...(clean.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = clean.startsWith('`') || clean.endsWith('`') || clean === '' ? ' ' : '';
  return fence + pad + clean + pad + fence;
}

/** For a code block, fence included. */
export function codeBlock(text: string, language = ''): string {
  const clean = forTerminal(text);
  const longest = Math.max(2, ...(clean.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${clean}\n${fence}`;
}
