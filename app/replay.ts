// SPDX-License-Identifier: MIT
// `abide replay`: the rules alone over commits of history, each judged as a series of its own. Prints a JSON line a commit and a
// last one with the sums. Reads the repository and nothing else; never writes to it.
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { loadParsers } from './abi/index.ts';
import { AbideError } from './errors.ts';
import type { Change, ChangedFile, Finding } from './model/change.ts';
import type { FileDiff, Series } from './model/series.ts';
import { decide } from './model/verdict.ts';
import { readDiffs, readHistory, type HistoryCommit, type TouchedFile } from './replay/history.ts';
import { readReleases, type Releases } from './replay/releases.ts';
import { isSeen, judge, seriesOf, type Rule } from './review/index.ts';
import { parseDiff } from './series/index.ts';
import { logTrailers } from './series/trailers.ts';
import { openCatFile, type CatFile } from './trees/cat-file.ts';
import type { Place } from './trees/git.ts';
import { contextPaths, rules as allRules } from '../rules/index.ts';

export interface ReplayOptions {
  /** A repository's git directory, bare or not, ours or not. */
  readonly gitDir: string;
  /** A file with one commit a line, or the commits. */
  readonly shas?: string | readonly string[];
  /** `A..B`, or a revision for it and all before it; `HEAD` where neither is given. */
  readonly range?: string;
  /** For the day when rules outweigh git; one process judges for now. */
  readonly jobs?: number;
  readonly out: { write(text: string): unknown };
  readonly rules?: readonly Rule[];
  readonly signal?: AbortSignal;
}

/** So many commits share one `git diff-tree`. */
const BATCH = 200;

/** @throws AbideError `input-unreadable`, `revision-unknown`, `git-failed`, `interrupted` */
export async function replay(options: ReplayOptions): Promise<void> {
  const started = performance.now();
  const rules = options.rules ?? allRules;
  const place: Place = { cwd: options.gitDir, home: options.gitDir };
  await loadParsers();
  const shas = typeof options.shas === 'string' ? await readShas(options.shas) : options.shas;
  const commits = await readHistory(place, shas === undefined ? { range: options.range ?? 'HEAD' } : { shas });
  const releases = await readReleases(place, [...new Set(commits.flatMap(commit => commit.parent ?? []))]);
  await using blobs = openCatFile(place);
  const judging = { rules, place, blobs, releases };
  const batches = Array.from({ length: Math.ceil(commits.length / BATCH) }, (_, at) =>
    commits.slice(at * BATCH, (at + 1) * BATCH),
  );
  let findings = 0;
  // Git reads the next batch while this one is judged.
  let loading = load(batches[0], judging);
  for (const at of batches.keys()) {
    const loaded = await loading;
    loading = load(batches[at + 1], judging);
    loading.catch(() => undefined); // told when it is awaited; a throw before that must not leave it unheard
    for (const { commit, change } of loaded) {
      if (options.signal?.aborted) throw new AbideError('interrupted', 'the replay was interrupted');
      const from = performance.now();
      const found = change === undefined ? [] : judge(change, rules);
      const ms = Math.round((performance.now() - from) * 100) / 100;
      findings += found.length;
      options.out.write(JSON.stringify(toLine(commit, found, ms)) + '\n');
    }
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  options.out.write(JSON.stringify({ summary: { commits: commits.length, seconds, findings } }) + '\n');
}

async function readShas(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AbideError('input-unreadable', `${path} cannot be read`, {
      hint: 'name a file with one commit a line',
      cause,
    });
  });
  return text.split('\n').flatMap(line => line.trim().split(/\s/)[0] || []);
}

interface Judging {
  readonly rules: readonly Rule[];
  readonly place: Place;
  readonly blobs: CatFile;
  readonly releases: Releases;
}

interface Loaded {
  readonly commit: HistoryCommit;
  /** Undefined where no rule looks at it. */
  readonly change: Change | undefined;
}

async function load(commits: readonly HistoryCommit[] = [], judging: Judging): Promise<Loaded[]> {
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
      return { commit, change: awake ? await loadChange(commit, diff, judging) : undefined };
    }),
  );
}

const reads = ({ meta }: Rule, { path, oldPath }: TouchedFile): boolean =>
  meta.reads(path) || (oldPath !== undefined && meta.reads(oldPath));

/** The commit as a change of one patch, with the texts of those files that a rule wakes up for; undefined where none does. */
async function loadChange(commit: HistoryCommit, diff: string, judging: Judging): Promise<Change | undefined> {
  const { blobs, rules, releases } = judging;
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
  const tag = releases.of(commit.parent);
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
