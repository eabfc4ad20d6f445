// SPDX-License-Identifier: MIT
// The hunks of one file. Finds where they end by the counts in their headers, as git's apply.c does, and lets parse-diff
// read what is whole. Never throws: what does not add up is a fault.
import parseDiffText from 'parse-diff';
import type { DiffLine, Hunk } from '../model/series.ts';

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/;
/** The words parse-diff knows; other languages' words are turned into these. */
const NO_NEWLINE = '\\ No newline at end of file';

export interface HunksRead {
  hunks: Hunk[];
  /** Index of the first line behind the hunks. */
  end: number;
  fault?: string;
}

/** One hunk's lines from `lines[at]` (its `@@` line) on, made fit for parse-diff, or the fault. */
function takeHunk(lines: readonly string[], at: number): { taken: string[]; end: number } | { fault: string } {
  const head = HUNK.exec(lines[at]!);
  if (!head) return { fault: `has a hunk header that cannot be read: ${lines[at]!.slice(0, 60)}` };
  let old = Number(head[2] ?? 1);
  let fresh = Number(head[4] ?? 1);
  const taken = [lines[at]!];
  let changed = false;
  let next = at + 1;
  // The last element of a split text is what follows its last line end: no whole line, so never part of a hunk.
  for (; (old > 0 || fresh > 0) && next < lines.length - 1; next++) {
    const line = lines[next]!;
    const mark = line[0] ?? ' ';
    if (mark === '\\' && line.startsWith('\\ ') && line.length >= 11) {
      // Before the first line there is nothing that could lack its newline; git passes over it too.
      if (taken.length > 1) taken.push(NO_NEWLINE);
      continue;
    }
    if (mark === ' ' || mark === '-') old--;
    if (mark === ' ' || mark === '+') fresh--;
    if (old < 0 || fresh < 0 || !' +-'.includes(mark)) break;
    changed ||= mark !== ' ';
    taken.push(line === '' ? ' ' : line);
  }
  if (old !== 0 || fresh !== 0) return { fault: `has a hunk that ends early or is damaged: ${head[0]}` };
  if (!changed) return { fault: `has a hunk that changes nothing: ${head[0]}` };
  if (lines[next]?.startsWith('\\ ') && lines[next]!.length >= 11) {
    taken.push(NO_NEWLINE);
    next++;
  }
  return { taken, end: next };
}

/** All hunks that start at `lines[at]`. */
export function readHunks(lines: readonly string[], at: number): HunksRead {
  const text = ['--- a/file', '+++ b/file'];
  const sections: string[] = [];
  let end = at;
  let fault: string | undefined;
  while (end < lines.length && lines[end]!.startsWith('@@ -')) {
    const hunk = takeHunk(lines, end);
    if ('fault' in hunk) {
      fault = hunk.fault;
      break;
    }
    sections.push(lines[end]!.replace(HUNK, '').trim());
    for (const line of hunk.taken) text.push(line);
    end = hunk.end;
  }
  const chunks = sections.length === 0 ? [] : (parseDiffText(text.join('\n'))[0]?.chunks ?? []);
  const hunks = chunks.map((chunk, index) => ({
    oldStart: chunk.oldStart,
    oldLines: chunk.oldLines,
    newStart: chunk.newStart,
    newLines: chunk.newLines,
    section: sections[index] ?? '',
    lines: toLines(chunk.changes),
  }));
  return fault === undefined ? { hunks, end } : { hunks, end, fault };
}

/** parse-diff repeats a change for "\ No newline": that one becomes a mark on the line before it. */
function toLines(changes: readonly parseDiffText.Change[]): DiffLine[] {
  const lines: DiffLine[] = [];
  for (const change of changes) {
    if (change.content.startsWith('\\')) {
      const last = lines.pop();
      if (last) lines.push({ ...last, noNewline: true });
      continue;
    }
    const text = change.content.slice(1);
    if (change.type === 'normal') lines.push({ kind: 'context', text, old: change.ln1, new: change.ln2 });
    else if (change.type === 'add') lines.push({ kind: 'add', text, new: change.ln });
    else lines.push({ kind: 'del', text, old: change.ln });
  }
  return lines;
}
