// SPDX-License-Identifier: MIT
// Blanks rdma-core's macros that the C grammar cannot read, keeping every line where it was. Pure text to text.

/** Attributes and linkage words: they say nothing about layout. */
const WORDS =
  /\b(?:__attribute_const|__attribute_pure|__attribute_used__|BEGIN_C_DECLS|END_C_DECLS|HIDDEN|MAD_EXPORT|IBND_EXPORT|UMAD_DEPRECATED|ALWAYS_INLINE|__always_inline|__maybe_unused|__force|__sparse_bitwise|__rdma_bitwise|__bitwise|__packed|__malloc|IB_DEPRECATED|__const)\b/g;
const CALLS = /\b(?:__attribute__|__attribute|__aligned|static_assert|_Static_assert|__printf|__nonnull)\s*\(/g;
const SYMVER = /\b(?:LATEST_SYMVER_FUNC|COMPAT_SYMVER_FUNC)\s*\(/g;

/** Loops of ccan/list.h and its like: to the grammar they are calls in front of a block. */
const LOOPS = /\b\w*for_each\w*(?=\s*\()/g;
/** Macros that take a type: `container_of(ptr, struct x, member)`. */
const TYPE_ARGUMENT =
  /\b(?:container_of|offsetofend|vext_field_avail|field_avail|list_(?:top|pop|tail|next|prev|entry))\s*\([^;{}]{0,200}?\b(?:struct|union)\b/g;

export function maskMacros(text: string): string {
  let masked = text
    .replace(WORDS, word => ' '.repeat(word.length))
    .replace(/\b_Atomic(\s*)\(([^()]*)\)/g, '       $1 $2 ')
    .replace(LOOPS, word => 'while'.padEnd(word.length))
    .replace(TYPE_ARGUMENT, words => words.replace(/\b(?:struct|union)$/, word => ' '.repeat(word.length)));
  if (masked.includes('__a') || masked.includes('tatic_') || masked.includes('__n') || masked.includes('__p'))
    masked = blankCalls(masked);
  if (masked.includes('_SYMVER_FUNC')) masked = unwrapSymver(masked);
  return masked;
}

/** Everything but the line ends becomes spaces. */
function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The offset behind the bracket that closes the one before `from`. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

function blankCalls(text: string): string {
  let out = '';
  let done = 0;
  for (const match of text.matchAll(CALLS)) {
    if (match.index < done) continue;
    const end = closing(text, match.index + match[0].length);
    out += text.slice(done, match.index) + blank(text.slice(match.index, end));
    done = end;
  }
  return out + text.slice(done);
}

/** `LATEST_SYMVER_FUNC(name, 1_1, "NODE", ret, params)` is `ret name(params)`, see util/symver.h. */
function unwrapSymver(text: string): string {
  let out = '';
  let done = 0;
  for (const match of text.matchAll(SYMVER)) {
    if (match.index < done) continue;
    const from = match.index + match[0].length;
    const end = closing(text, from);
    if (text[end - 1] !== ')') break;
    const [name = '', version = '', node = '', returns = '', ...params] = splitArguments(text.slice(from, end - 1));
    const lost = (match[0] + name + version + node).replace(/[^\n]/g, '');
    out += text.slice(done, match.index) + `${lost}${returns} ${name.replace(/\s+/g, ' ').trim()}(${params.join(',')})`;
    done = end;
  }
  return out + text.slice(done);
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}
