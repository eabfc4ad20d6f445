// SPDX-License-Identifier: MIT
// git's words and a patch's hunk made fit for a report: harmless, bounded, and without a path of this machine. Pure.
import { forTerminal } from '../model/harmless.ts';
import type { Hunk } from '../model/series.ts';

const MAX_LINES = 12;
const MAX_LINE = 300;
const MAX_HUNK = 40;

const shorten = (line: string): string => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);

/** git's own words: `hint:` lines go, absolute paths of ours become `…`, at most a dozen lines stay. */
export function clean(words: unknown, ours: readonly string[] = []): string {
  const text = words instanceof Error ? words.message : String(words);
  const lines = ours
    .filter(path => path.length > 1)
    .sort((a, b) => b.length - a.length)
    .reduce((all, path) => all.replaceAll(path, '…'), text)
    .split(/\r?\n|\r/)
    .filter(line => line.trim() !== '' && !line.startsWith('hint:'))
    .map(line => shorten(forTerminal(line)));
  const kept = lines.slice(0, MAX_LINES);
  return [...kept, ...(lines.length > kept.length ? [`… (${lines.length - kept.length} more lines)`] : [])].join('\n');
}

/** A hunk as it stands in the patch, its head and at most forty lines. */
export function hunkText(hunk: Hunk): string {
  const head = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@ ${hunk.section}`.trimEnd();
  const sign = { context: ' ', add: '+', del: '-' } as const;
  const body = hunk.lines.slice(0, MAX_HUNK).map(line => sign[line.kind] + line.text);
  const rest = hunk.lines.length - body.length;
  return [head, ...body, ...(rest > 0 ? [`… (${rest} more lines)`] : [])]
    .map(line => shorten(forTerminal(line)))
    .join('\n');
}
