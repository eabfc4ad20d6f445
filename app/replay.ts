// SPDX-License-Identifier: MIT
// `abide replay`: the rules alone over commits of history, each judged as a series of its own. Prints a JSON line a commit and a
// last one with the sums. Reads the repository and nothing else; never writes to it.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { AbideError } from './errors.ts';
import { listCommits } from './replay/history.ts';
import { interrupted, type Task } from './replay/judge.ts';
import { openLanes } from './replay/lanes.ts';
import { readReleases } from './replay/releases.ts';
import type { Rule } from './review/index.ts';
import type { Place } from './trees/git.ts';

export interface ReplayOptions {
  /** A repository's git directory, bare or not, ours or not. */
  readonly gitDir: string;
  /** A file with one commit a line, or the commits. */
  readonly shas?: string | readonly string[];
  /** `A..B`, or a revision for it and all before it; `HEAD` where neither is given. */
  readonly range?: string;
  /** Threads that judge, no more than there are processors, some 200 MB each; 1 where it is not given, and where `rules` are, which no thread can be handed. */
  readonly jobs?: number;
  readonly out: { write(text: string): unknown };
  readonly rules?: readonly Rule[];
  readonly signal?: AbortSignal;
}

/** So many commits are read and judged in one go, by one lane. */
const BATCH = 100;

/** @throws AbideError `input-unreadable`, `revision-unknown`, `git-failed`, `interrupted` */
export async function replay(options: ReplayOptions): Promise<void> {
  const started = performance.now();
  const { out } = options;
  const place: Place = { cwd: options.gitDir, home: options.gitDir };
  const shas = typeof options.shas === 'string' ? await readShas(options.shas) : options.shas;
  const commits = await listCommits(place, shas === undefined ? { range: options.range ?? 'HEAD' } : { shas });
  const releases = await readReleases(place, commits);
  const tasks = commits.map((sha): Task => ({ sha, tag: releases.before(sha) }));
  const jobs = Math.max(1, Math.min(options.jobs ?? 1, availableParallelism(), tasks.length));
  const size = Math.min(BATCH, Math.ceil(tasks.length / jobs));
  const batches = Array.from({ length: Math.ceil(tasks.length / size) || 0 }, (_, at) =>
    tasks.slice(at * size, (at + 1) * size),
  );
  let findings = 0;
  await using lanes = await openLanes(place, { ...options, jobs });
  for await (const judged of lanes.run(batches)) {
    findings += judged.findings;
    out.write(judged.text);
    if (options.signal?.aborted) throw interrupted();
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  out.write(JSON.stringify({ summary: { commits: commits.length, seconds, findings } }) + '\n');
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
