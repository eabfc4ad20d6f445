// SPDX-License-Identifier: MIT
// Undoes format=flowed (RFC 3676) line by line as `git mailinfo` does. Pure; the caller keeps what was there before.

export function unflow(text: string, delsp: boolean): string {
  if (text === '') return text;
  const lines = text.split('\n');
  const complete = lines.at(-1) === '';
  if (complete) lines.pop();
  const out: string[] = [];
  let open = '';
  for (const line of lines) {
    if (line === '-- ') {
      if (open) out.push(open);
      open = '';
      out.push(line);
      continue;
    }
    const unstuffed = line.startsWith(' ') ? line.slice(1) : line;
    if (unstuffed.endsWith(' ')) {
      open += delsp ? unstuffed.slice(0, -1) : unstuffed;
      continue;
    }
    out.push(open + unstuffed);
    open = '';
  }
  if (open) out.push(open);
  return out.join('\n') + (complete ? '\n' : '');
}
