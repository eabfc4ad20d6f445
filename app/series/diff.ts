// SPDX-License-Identifier: MIT
// A diff's text to its files, agreeing with `git apply`. Never throws; what git would refuse is told as a fault.
import { forLine } from '../model/harmless.ts';
import type { FileDiff } from '../model/series.ts';
import { readHeader, type FileHeader } from './diff-header.ts';
import { readHunks } from './diff-hunks.ts';
import { pathFault } from './diff-names.ts';

export interface DiffRead {
  files: FileDiff[];
  /** Index of the line at which the first file starts; -1 where there is none. */
  firstLine: number;
  /** What is wrong, as the end of a sentence that begins with the patch's name. */
  fault?: string;
}

export function parseDiff(text: string): FileDiff[] {
  return readDiff(text).files;
}

export function readDiff(text: string): DiffRead {
  const lines = text.split('\n');
  const read: DiffRead = { files: [], firstLine: -1 };
  const fail = (fault: string): void => {
    read.fault ??= fault;
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (line.startsWith('@@ -') && /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/.test(line)) {
      fail(`has a hunk that belongs to no file: ${printable(line.slice(0, 60))}`);
    }
    const mayStart = line.startsWith('diff --git ') || line.startsWith('--- ');
    const header = mayStart ? readHeader(lines, at) : undefined;
    if (!header) {
      at++;
      continue;
    }
    if (read.firstLine < 0) read.firstLine = at;
    at = readFile(lines, header, read.files, fail);
  }
  return read;
}

/** Reads hunks or binary data behind `header`, adds the file, and says where to go on. */
function readFile(
  lines: readonly string[],
  header: FileHeader,
  files: FileDiff[],
  fail: (fault: string) => void,
): number {
  const path = (header.change === 'delete' ? header.oldName : header.newName) ?? header.newName ?? header.oldName;
  if (path === undefined) {
    fail('has a file whose name cannot be read from its diff');
    return header.end;
  }
  for (const name of new Set([path, header.oldName ?? path])) {
    const fault = pathFault(name);
    if (fault) fail(`names ${printable(name)}, which ${fault}`);
  }
  if (header.fault) fail(`${printable(header.fault)} (${printable(path)})`);
  const binary = readBinary(lines, header.end);
  const body = binary === undefined ? readHunks(lines, header.end) : { hunks: [], end: binary };
  if ('fault' in body && body.fault) fail(`${printable(body.fault)} (${printable(path)})`);
  const changed = body.hunks.flatMap(hunk => hunk.lines);
  const oldPath = header.change === 'rename' || header.change === 'copy' ? header.oldName : undefined;
  files.push({
    path,
    ...(oldPath !== undefined && { oldPath }),
    change: header.change,
    ...(header.oldMode && header.change !== 'add' && { oldMode: header.oldMode }),
    ...(header.newMode && header.change !== 'delete' && { newMode: header.newMode }),
    ...(header.similarity !== undefined && { similarity: header.similarity }),
    binary: binary !== undefined,
    ...(header.preBlob && { preBlob: header.preBlob }),
    ...(header.postBlob && { postBlob: header.postBlob }),
    additions: changed.filter(line => line.kind === 'add').length,
    deletions: changed.filter(line => line.kind === 'del').length,
    hunks: body.hunks,
  });
  const link = symlinkFault(files.at(-1)!);
  if (link) fail(link);
  return Math.max(body.end, header.end);
}

/** Where binary data at `lines[at]` ends; undefined where there is none. */
function readBinary(lines: readonly string[], at: number): number | undefined {
  const line = lines[at] ?? '';
  if (/^(?:Binary files |Files ).* differ\r?$/.test(line)) return at + 1;
  if (!line.startsWith('GIT binary patch')) return undefined;
  let end = at + 1;
  // A forward and, where git wrote one, a reverse image, each closed by an empty line.
  while (/^(?:literal|delta) \d+\r?$/.test(lines[end] ?? '')) {
    while (end < lines.length && lines[end]!.trimEnd() !== '') end++;
    end++;
  }
  return Math.min(end, lines.length);
}

/** A symbolic link may point inside the tree only: the tree is checked out before it is judged. */
function symlinkFault(file: FileDiff): string | undefined {
  if (file.newMode !== '120000' || file.change === 'delete') return undefined;
  const added = file.hunks.flatMap(hunk => hunk.lines.filter(line => line.kind === 'add'));
  const target = added[0]?.text;
  if (target === undefined) return undefined;
  let depth = file.path.split('/').length - 1;
  const leaves = target.split('/').some(part => {
    depth += part === '..' ? -1 : part === '' || part === '.' ? 0 : 1;
    return depth < 0;
  });
  if (!target.startsWith('/') && !leaves) return undefined;
  return `makes ${printable(file.path)} a symbolic link to ${printable(target)}, outside the tree`;
}

function printable(name: string): string {
  const clean = forLine(name);
  return clean.length > 120 ? `${clean.slice(0, 117)}...` : clean;
}
