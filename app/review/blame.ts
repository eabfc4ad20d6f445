// SPDX-License-Identifier: MIT
// Which patch of a series made a line. Pure arithmetic on hunks.
import type { FileDiff, Patch } from '../model/series.ts';

/** The 1-based patch that added the line (`post`, a line of the tip) or took it away (`pre`, a line of the base).
 *  A line that no patch made is laid on the last patch that touches the file, else on the series: 0. */
export function blame(patches: readonly Patch[], at: { path: string; side: 'pre' | 'post'; line: number }): number {
  const made = at.side === 'post' ? whoAdded(patches, at.path, at.line) : whoRemoved(patches, at.path, at.line);
  if (made !== 0) return made;
  const touching = patches.filter(patch => patch.files.some(file => file.path === at.path || file.oldPath === at.path));
  return touching.at(-1)?.index ?? 0;
}

function whoAdded(patches: readonly Patch[], tipPath: string, tipLine: number): number {
  let path = tipPath;
  let line = tipLine;
  for (const patch of [...patches].reverse()) {
    const file = patch.files.find(each => each.path === path);
    if (file === undefined) continue;
    const old = follow(file, 'new', line);
    if (old === undefined) return patch.index;
    line = old;
    path = file.oldPath ?? path;
  }
  return 0;
}

function whoRemoved(patches: readonly Patch[], basePath: string, baseLine: number): number {
  let path = basePath;
  let line = baseLine;
  for (const patch of patches) {
    const file = patch.files.find(each => (each.oldPath ?? each.path) === path);
    if (file === undefined) continue;
    const now = follow(file, 'old', line);
    if (now === undefined) return patch.index;
    line = now;
    path = file.path;
  }
  return 0;
}

/** The line's number on the other side of one file's diff; undefined where this diff makes or removes it. */
function follow(file: FileDiff, from: 'old' | 'new', line: number): number | undefined {
  const to = from === 'old' ? 'new' : 'old';
  let offset = 0;
  for (const hunk of file.hunks) {
    const start = from === 'old' ? hunk.oldStart : hunk.newStart;
    const length = from === 'old' ? hunk.oldLines : hunk.newLines;
    if (line < start) break;
    if (line < start + length) {
      return hunk.lines.find(each => each[from] === line)?.[to];
    }
    offset = (to === 'new' ? 1 : -1) * (hunk.newStart + hunk.newLines - hunk.oldStart - hunk.oldLines);
    // A hunk with an empty side starts one line early on it ("@@ -5,0 +6,2 @@").
    if (hunk.oldLines === 0) offset -= to === 'new' ? 1 : -1;
    if (hunk.newLines === 0) offset += to === 'new' ? 1 : -1;
  }
  return line + offset;
}
