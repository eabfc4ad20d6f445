// SPDX-License-Identifier: MIT
// `abide replay`: the rules alone over commits of history.
import { InvalidArgumentError, type Command } from 'commander';
import type { App } from '../main.ts';
import { replay } from '../replay.ts';

interface Options {
  tree?: string;
  shas?: string;
  jobs?: number;
}

export function addReplay(program: Command, app: App): void {
  program
    .command('replay')
    .description('judge commits of history, each as a series of its own; one JSON line a commit')
    .argument('[range]', 'A..B, or a revision for it and all before it')
    .option('--tree <dir>', 'the rdma-core repository (never written to)')
    .option('--shas <file>', 'a file with one commit id a line')
    .option('--jobs <n>', 'how many at once', parseJobs)
    .action(async (range: string | undefined, options: Options) => {
      await using tree = await app.openTree(options.tree);
      await replay({
        gitDir: tree.gitDir,
        ...(options.shas === undefined ? {} : { shas: options.shas }),
        ...(range === undefined ? {} : { range }),
        ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
        out: process.stdout,
        signal: app.signal,
      });
    });
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) throw new InvalidArgumentError('a whole number from 1 up is needed.');
  return jobs;
}
