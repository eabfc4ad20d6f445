// SPDX-License-Identifier: MIT
// The header of one file in a diff: `diff --git` with its extended lines, or a traditional pair of `---` and `+++`.
// Reads lines and says where the header ends; knows nothing of hunks.
import type { FileMode } from '../model/series.ts';
import { unquote } from './c-quote.ts';
import { canonicalMode, nameOfGitLine, nameOfSide, namesOfTraditional } from './diff-names.ts';

/** Two names of PATH_MAX, each byte of them quoted, and some room. */
const MAX_LINE = 40_000;

export interface FileHeader {
  /** Index of the first line behind the header. */
  end: number;
  git: boolean;
  oldName?: string | undefined;
  newName?: string | undefined;
  change: 'modify' | 'add' | 'delete' | 'rename' | 'copy';
  oldMode?: FileMode | undefined;
  newMode?: FileMode | undefined;
  similarity?: number;
  preBlob?: string;
  postBlob?: string;
  fault?: string;
}

type Reader = (header: FileHeader, value: string) => void;

function setMode(header: FileHeader, side: 'oldMode' | 'newMode', octal: string): void {
  const mode = canonicalMode(octal.trim());
  if (mode === undefined) header.fault = `names the mode ${octal.trim().slice(0, 20)}, which is none of a file`;
  else header[side] = mode;
}

const EXTENDED: readonly (readonly [string, Reader])[] = [
  ['old mode ', (header, value) => setMode(header, 'oldMode', value)],
  ['new mode ', (header, value) => setMode(header, 'newMode', value)],
  [
    'deleted file mode ',
    (header, value) => {
      header.change = 'delete';
      setMode(header, 'oldMode', value);
    },
  ],
  [
    'new file mode ',
    (header, value) => {
      header.change = 'add';
      setMode(header, 'newMode', value);
    },
  ],
  ['copy from ', (header, value) => from(header, 'copy', value)],
  ['copy to ', (header, value) => to(header, 'copy', value)],
  ['rename from ', (header, value) => from(header, 'rename', value)],
  ['rename to ', (header, value) => to(header, 'rename', value)],
  ['rename old ', (header, value) => from(header, 'rename', value)],
  ['rename new ', (header, value) => to(header, 'rename', value)],
  ['similarity index ', readSimilarity],
  ['dissimilarity index ', () => undefined],
  ['index ', readIndex],
];

function from(header: FileHeader, change: 'copy' | 'rename', value: string): void {
  header.change = change;
  header.oldName = unquote(value);
}

function to(header: FileHeader, change: 'copy' | 'rename', value: string): void {
  header.change = change;
  header.newName = unquote(value);
}

function readSimilarity(header: FileHeader, value: string): void {
  const percent = Number.parseInt(value, 10);
  if (percent >= 0 && percent <= 100) header.similarity = percent;
}

function readIndex(header: FileHeader, value: string): void {
  const ids = /^([0-9a-f]{1,64})\.\.([0-9a-f]{1,64})(?: (\d+))?/.exec(value);
  if (!ids) return;
  header.preBlob = ids[1]!;
  header.postBlob = ids[2]!;
  if (ids[3] === undefined) return;
  const mode = canonicalMode(ids[3]);
  header.oldMode ??= mode;
  header.newMode ??= mode;
}

/** The header at `lines[at]`, or undefined where that line starts none. `diff --git` alone, with nothing behind it, is text. */
export function readHeader(lines: readonly string[], at: number): FileHeader | undefined {
  const line = lines[at]!;
  if (line.length > MAX_LINE || (lines[at + 1]?.length ?? 0) > MAX_LINE) return undefined;
  if (line.startsWith('diff --git ')) return readGitHeader(lines, at);
  if (!line.startsWith('--- ') || !lines[at + 1]?.startsWith('+++ ') || !lines[at + 2]?.startsWith('@@ -')) {
    return undefined;
  }
  const names = namesOfTraditional(line.slice(4), lines[at + 1]!.slice(4));
  const change = names.old === undefined ? 'add' : names.new === undefined ? 'delete' : 'modify';
  return { end: at + 2, git: false, change, oldName: names.old, newName: names.new };
}

function readGitHeader(lines: readonly string[], at: number): FileHeader | undefined {
  const header: FileHeader = { end: at + 1, git: true, change: 'modify' };
  for (; header.end < lines.length; header.end++) {
    const line = lines[header.end]!;
    if (line.length > MAX_LINE) break;
    if (line.startsWith('--- ') && lines[header.end + 1]?.startsWith('+++ ')) {
      header.oldName ??= nameOfSide(line.slice(4));
      header.newName ??= nameOfSide(lines[header.end + 1]!.slice(4));
      header.end += 2;
      break;
    }
    const known = EXTENDED.find(([prefix]) => line.startsWith(prefix));
    if (!known) break;
    known[1](header, line.slice(known[0].length).replace(/\r$/, ''));
  }
  if (header.end === at + 1) return undefined;
  if (header.oldName === undefined && header.newName === undefined) {
    const name = nameOfGitLine(lines[at]!.slice('diff --git '.length).replace(/\r$/, ''));
    if (header.change !== 'add') header.oldName = name;
    if (header.change !== 'delete') header.newName = name;
  }
  return header;
}
