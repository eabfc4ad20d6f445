// SPDX-License-Identifier: MIT
// Prose folded to a width, for text and mail. Pure.

/** Folds each paragraph of `text` at blanks to at most `width` columns, every line behind `indent`. Lines that start with blanks are left alone. */
export function wrap(text: string, indent: string, width = 88): string[] {
  return text
    .split('\n')
    .flatMap(paragraph => (/^\s/.test(paragraph) ? [indent + paragraph] : fold(paragraph, indent, width)));
}

function fold(paragraph: string, indent: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, (indent + line).trimEnd()];
}
