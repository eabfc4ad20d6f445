// SPDX-License-Identifier: MIT
// A mail that is no patch: who said which line, and which hunks are quoted or pasted in it. Loses nothing, judges nothing.
import type { Mail, QuotedHunk, QuotedLine, Reply } from '../model/index.ts';
import { replyTrailers } from './trailers.ts';

export function readReply(mail: Mail): Reply {
  const lines = mail.body.replace(/\n$/, '').split('\n').map(readLine);
  return { mail, lines, hunks: findHunks(lines), trailers: replyTrailers(mail.body) };
}

/** `>> text`, `> > text` and `>>text` are all depth 2. */
function readLine(line: string): QuotedLine {
  const quote = /^(?:> ?)*/.exec(line.slice(0, 1000))![0];
  const depth = quote.length - quote.replaceAll('>', '').length;
  return { depth, text: line.slice(quote.length) };
}

/** Runs of lines of one depth, without the empty ones around them; each is looked at on its own. */
function paragraphs(lines: readonly QuotedLine[]): { depth: number; lines: string[] }[] {
  const found: { depth: number; lines: string[] }[] = [];
  let open: { depth: number; lines: string[] } | undefined;
  let inHunk = false;
  // Whether the open paragraph has nothing yet but the lines that name a file.
  let onlyNames = false;
  for (const { depth, text } of lines) {
    if (open?.depth !== depth) [open, inHunk] = [undefined, false];
    // An empty line ends a paragraph, but is context inside a hunk with its header.
    if (text.trim() === '' && !(inHunk && open)) {
      open = undefined;
      continue;
    }
    if (/^(?:@@ -\d|diff --git )/.test(text)) {
      if (!onlyNames) open = undefined;
      inHunk = true;
    } else if (inHunk && open && !/^(?:[ +\-\\@\t]|$|index |--- |\+\+\+ )/.test(text) && !isFileLine(text)) {
      [open, inHunk] = [undefined, false];
    }
    if (!open) {
      found.push((open = { depth, lines: [] }));
      onlyNames = true;
    }
    onlyNames &&= isFileLine(text);
    open.lines.push(text);
  }
  return found;
}

const isFileLine = (line: string): boolean =>
  /^(?:diff --git |index [0-9a-f]|--- |\+\+\+ |(?:new|deleted) file mode |(?:old|new) mode |rename |copy |similarity )/.test(
    line,
  );

function findHunks(lines: readonly QuotedLine[]): QuotedHunk[] {
  return paragraphs(lines)
    .filter(paragraph => looksLikeHunk(paragraph.lines))
    .map(({ depth, lines: text }) => {
      while (text.at(-1)?.trim() === '') text.pop();
      const symbol = symbolOf(text);
      return { depth, lines: text, ...(symbol !== undefined && { symbol }) };
    });
}

/** With a hunk's header; or added and removed lines that are C and no list of points. */
function looksLikeHunk(lines: readonly string[]): boolean {
  if (lines.some(line => /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/.test(line))) return true;
  const marked = lines.filter(line => /^[+-](?![+-])\s*\S/.test(line));
  const code = marked.filter(line => line.length < 1000 && /[;{},()]\s*$|\*\/\s*$|^[+-]\s*(?:#|\/\*|\*\s)/.test(line));
  return marked.length > 0 && code.length * 2 >= marked.length && code.some(line => /[;{(*#]/.test(line));
}

/** The struct, union, enum or function that the hunk's own text names, the nearest definition first. */
function symbolOf(lines: readonly string[]): string | undefined {
  const texts = lines.map(line => line.slice(0, 500));
  const section = texts.map(line => /^@@ [^@]*@@ ?(.*)$/.exec(line)?.[1]).find(Boolean) ?? '';
  const code = texts.filter(line => !isFileLine(line) && !line.startsWith('@@')).map(line => line.replace(/^[+-]/, ''));
  const candidates = [...code.map(definition), definition(section), signature(section), ...code.map(aggregate)];
  return candidates.find(name => name !== undefined);
}

const definition = (line: string): string | undefined =>
  /\b(?:struct|union|enum)\s+(\w+)\s*\{/.exec(line)?.[1] ?? /^(?:struct|union|enum)\s+(\w+)\s*$/.exec(line)?.[1];
const signature = (line: string): string | undefined =>
  /^[A-Za-z_]/.test(line) ? /\b(\w+)\s*\(/.exec(line)?.[1] : undefined;
const aggregate = (line: string): string | undefined => /\b(?:struct|union|enum)\s+(\w+)/.exec(line)?.[1];
