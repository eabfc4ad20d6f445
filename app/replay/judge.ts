// SPDX-License-Identifier: MIT
// Some commits of a history judged, each as a series of its own, and put into the lines that the replay prints. Reads git, prints nothing.
import { performance } from 'node:perf_hooks';
import { AbideError } from '../errors.ts';
import type { Change, ChangedFile, Finding } from '../model/change.ts';
import type { FileDiff, Series } from '../model/series.ts';
import { decide } from '../model/verdict.ts';
import { isSeen, judge, seriesOf, type Rule } from '../review/index.ts';
import { contextPaths } from '../../rules/index.ts';
import { parseDiff } from '../series/index.ts';
import { logTrailers } from '../series/trailers.ts';
import { openCatFile, type CatFile } from '../trees/cat-file.ts';
import type { Place } from '../trees/git.ts';
import { readCommits, readDiffs, type HistoryCommit, type TouchedFile } from './history.ts';

/** A commit to judge, and the newest release before it. Plain data: it crosses threads. */
export interface Task {
  readonly sha: string;
  readonly tag: string | undefined;
}

export interface Judged {
  /** JSON, one line a task, in their order. */
  readonly text: string;
  readonly findings: number;
}

export interface Judge extends AsyncDisposable {
  judge(tasks: readonly Task[]): Promise<Judged>;
}

export const interrupted = (): AbideError => new AbideError('interrupted', 'the replay was interrupted');

/** `loadParsers()` must have been awaited. */
export function openJudge(place: Place, rules: readonly Rule[], signal?: AbortSignal): Judge {
  const blobs = openCatFile(place);
  return {
    async judge(tasks) {
      const loaded = await load(tasks, { rules, place, blobs });
      let text = '';
      let findings = 0;
      for (const { commit, change } of loaded) {
        if (signal?.aborted) throw interrupted();
        const from = performance.now();
        const found = change === undefined ? [] : judge(change, rules);
        const ms = Math.round((performance.now() - from) * 100) / 100;
        findings += found.length;
        text += JSON.stringify(toLine(commit, found, ms)) + '\n';
      }
      return { text, findings };
    },
    [Symbol.asyncDispose]: () => blobs[Symbol.asyncDispose](),
  };
}

interface Judging {
  readonly rules: readonly Rule[];
  readonly place: Place;
  readonly blobs: CatFile;
}

interface Loaded {
  readonly commit: HistoryCommit;
  /** Undefined where no rule looks at it. */
  readonly change: Change | undefined;
}

async function load(tasks: readonly Task[], judging: Judging): Promise<Loaded[]> {
  const tags = new Map(tasks.map(task => [task.sha, task.tag]));
  const commits = await readCommits(
    judging.place,
    tasks.map(task => task.sha),
  );
  const readers = new Map(
    commits.map(commit => [
      commit,
      judging.rules.filter(rule => commit.files.some(file => file.regular && reads(rule, file))),
    ]),
  );
  const asked = commits.filter(commit => readers.get(commit)?.length);
  const diffs = await readDiffs(
    judging.place,
    asked.map(commit => commit.sha),
  );
  return Promise.all(
    commits.map(async commit => {
      const diff = diffs.get(commit.sha);
      // A look at the raw text spares most commits the parsing: few diffs hold a word that wakes the only rules which read them.
      const awake = diff !== undefined && readers.get(commit)?.some(({ meta }) => meta.wakes?.test(diff) ?? true);
      return { commit, change: awake ? await loadChange(commit, diff, tags.get(commit.sha), judging) : undefined };
    }),
  );
}

const reads = ({ meta }: Rule, { path, oldPath }: TouchedFile): boolean =>
  meta.reads(path) || (oldPath !== undefined && meta.reads(oldPath));

/** The commit as a change of one patch, with the texts of those files that a rule wakes up for; undefined where none does. */
async function loadChange(
  commit: HistoryCommit,
  diff: string,
  tag: string | undefined,
  judging: Judging,
): Promise<Change | undefined> {
  const { blobs, rules } = judging;
  const diffs = parseDiff(diff);
  const touched = new Map(commit.files.map(file => [file.path, file]));
  const seen = diffs.filter(each => !each.binary && rules.some(rule => isSeen(rule, { path: each.path, diff: each })));
  if (seen.length === 0) return undefined;
  const text = async (name: string): Promise<string | undefined> => (await blobs.blob(name))?.toString('utf8');
  const side = (id: string | undefined): Promise<string | undefined> =>
    id === undefined || /^0+$/.test(id) ? Promise.resolve(undefined) : text(id);
  const files = await Promise.all(
    seen.map(async (each): Promise<ChangedFile> => {
      const file = touched.get(each.path);
      const [pre, post] = await Promise.all([side(file?.pre), side(file?.post)]);
      return { path: each.path, pre, post, diff: each };
    }),
  );
  const woken = rules.filter(rule => seen.some(each => isSeen(rule, { path: each.path, diff: each })));
  const named = async (rev: string, paths: readonly string[]): Promise<Map<string, string>> => {
    const texts = await Promise.all(paths.map(async path => [path, await text(`${rev}:${path}`)] as const));
    return new Map(texts.flatMap(([path, found]) => (found === undefined ? [] : [[path, found]])));
  };
  const [context, shipped] = await Promise.all([
    named(commit.sha, contextPaths(woken)),
    tag === undefined
      ? undefined
      : named(
          `refs/tags/${tag}`,
          seen.map(each => each.oldPath ?? each.path),
        ),
  ]);
  return {
    ...{
      series: asSeries(commit, diffs),
      baseCommit: commit.parent ?? '',
      files,
      patches: [{ patch: 1, files }],
      context,
    },
    ...(tag === undefined || shipped === undefined ? {} : { released: { tag, files: shipped } }),
  };
}

function asSeries(commit: HistoryCommit, files: readonly FileDiff[]): Series {
  const series = seriesOf(commit.subject, [files]);
  const { author, date, log } = commit;
  const patches = series.patches.map(patch => ({
    ...patch,
    messageId: commit.sha,
    author,
    date,
    log,
    trailers: logTrailers(log),
  }));
  return { ...series, id: commit.sha, patches };
}

function toLine(commit: HistoryCommit, found: readonly Finding[], ms: number): object {
  const { verdict } = decide({ series: { state: 'complete' }, findings: found, ledger: [], runs: [] });
  const findings = found.map(({ rule, severity, at, symbol, message }) => ({
    rule,
    severity,
    path: at.path,
    line: at.line,
    symbol,
    message,
  }));
  return { sha: commit.sha, verdict, findings, ms };
}
