// SPDX-License-Identifier: MIT
// Two texts to a FileDiff, for examples of rules, which have no git at hand. Pure; quadratic in the lines that differ.
import type { DiffLine, FileDiff, Hunk } from '../model/series.ts';

const CONTEXT = 3;
const linesOf = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.replace(/\n$/, '').split('\n');

export function diffTexts(path: string, pre: string | undefined, post: string | undefined): FileDiff {
  const lines = diffLines(linesOf(pre), linesOf(post));
  return {
    path,
    change: pre === undefined ? 'add' : post === undefined ? 'delete' : 'modify',
    binary: false,
    additions: lines.filter(line => line.kind === 'add').length,
    deletions: lines.filter(line => line.kind === 'del').length,
    hunks: toHunks(lines),
  };
}

function diffLines(a: readonly string[], b: readonly string[]): DiffLine[] {
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  const cell = (i: number, j: number): number => length[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j])
      out.push({ kind: 'context', text: a[i] ?? '', old: ++i, new: ++j });
    else if (i < a.length && (j === b.length || cell(i + 1, j) >= cell(i, j + 1)))
      out.push({ kind: 'del', text: a[i] ?? '', old: ++i });
    else out.push({ kind: 'add', text: b[j] ?? '', new: ++j });
  }
  return out;
}

function toHunks(lines: readonly DiffLine[]): Hunk[] {
  const hunks: Hunk[] = [];
  let at = lines.findIndex(line => line.kind !== 'context');
  while (at !== -1) {
    const from = Math.max(0, at - CONTEXT);
    let end = at;
    for (let next = at; next !== -1 && next - end <= 2 * CONTEXT;) {
      end = next;
      next = lines.findIndex((line, index) => index > end && line.kind !== 'context');
    }
    const part = lines.slice(from, end + CONTEXT + 1);
    const olds = part.flatMap(line => line.old ?? []);
    const news = part.flatMap(line => line.new ?? []);
    hunks.push({
      oldStart: olds[0] ?? lines.slice(0, from).flatMap(line => line.old ?? []).length,
      oldLines: olds.length,
      newStart: news[0] ?? lines.slice(0, from).flatMap(line => line.new ?? []).length,
      newLines: news.length,
      section: '',
      lines: part,
    });
    at = lines.findIndex((line, index) => index > end + CONTEXT && line.kind !== 'context');
  }
  return hunks;
}
