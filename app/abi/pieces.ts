// SPDX-License-Identifier: MIT
// Cuts C text into its outermost declarations, so that each is parsed once however many revisions of the file hold it,
// and a parse error stays inside its piece. Pure and total: any text gives pieces; it knows brackets, not C.

export interface Piece {
  readonly kind: 'code' | 'directive';
  /** The declaration without the blank lines and comments before it. */
  readonly text: string;
  /** 1-based line of its first character. */
  readonly line: number;
}

/** A piece nested deeper than this is somebody's attack or a broken file: nobody parses it. */
const MAX_DEPTH = 100;
/** Tokens that matter; whatever lies between them is plain text. Unclosed comments and strings run to their end. */
const TOKENS =
  /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|\/\/[^\n]*|"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|^[ \t]*#(?:[^\n\\/]|\\[^]|\/(?!\*)|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?)*|[{}();]|[^\s{}();/"'#]+|[/#]/gm;

export function cutPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  const branches: number[] = [];
  let depth = 0;
  let deepest = 0;
  let start = -1; // offset of the piece that is open
  let last = ''; // last significant token
  let opener = ''; // last significant token before the outermost `{`
  let counted = 0;
  let line = 1;
  const lineAt = (offset: number): number => {
    for (let at = text.indexOf('\n', counted); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
      line++;
      counted = at + 1;
    }
    return line;
  };
  const close = (end: number): void => {
    if (start >= 0 && deepest <= MAX_DEPTH) {
      const piece = text.slice(start, end);
      if (piece !== ';') pieces.push({ kind: 'code', text: piece, line: lineAt(start) });
    }
    start = -1;
    depth = deepest = 0;
    last = opener = '';
  };
  for (const match of text.matchAll(TOKENS)) {
    const token = match[0];
    const at = match.index;
    const end = at + token.length;
    if (token.startsWith('/*') || token.startsWith('//')) continue;
    const hash = /^[ \t]*#[ \t]*(\w*)/.exec(token);
    if (hash !== null && token.length > 1) {
      // The branches of a conditional are alternatives: each starts at the depth of the first.
      if (hash[1]?.startsWith('if')) branches.push(depth);
      else if (hash[1] === 'else' || hash[1] === 'elif') depth = branches.at(-1) ?? depth;
      else if (hash[1] === 'endif') branches.pop();
      if (start < 0) pieces.push({ kind: 'directive', text: token.trimStart(), line: lineAt(at) });
      continue;
    }
    if (start < 0) {
      if (token === '}') continue; // the end of extern "C"
      start = at;
    }
    if (token === '{' || token === '(') {
      if (token === '{' && depth === 0) {
        if (last === '"C"' || last === 'BEGIN_C_DECLS') {
          start = -1;
          last = '';
          continue;
        }
        opener = last;
      }
      deepest = Math.max(deepest, ++depth);
    } else if (token === '}' || token === ')') {
      depth = Math.max(0, depth - 1);
      if (token === '}' && depth === 0 && opener === ')') {
        close(end);
        continue;
      }
    } else if (token === ';' && depth === 0) {
      close(end);
      continue;
    }
    last = token;
  }
  close(text.length);
  return pieces;
}
