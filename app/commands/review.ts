// SPDX-License-Identifier: MIT
// `abide review`: the whole job for one series.
import { Option, type Command } from 'commander';
import { readOneSeries } from '../input.ts';
import { loadParsers, type App } from '../main.ts';
import type { Check } from '../model/index.ts';
import { exitStatus } from '../model/verdict.ts';
import { review } from '../pipeline.ts';
import { reporters } from '../reporters/index.ts';
import { rules } from '../../rules/index.ts';
import { AVAILABLE, output, parseChecks } from './options.ts';

interface Options {
  tree?: string;
  base?: string;
  checks: Check[];
  format: string;
  output?: string;
}

export function addReview(program: Command, app: App): void {
  program
    .command('review')
    .description('review one series')
    .argument(
      '<input...>',
      'an mbox, a maildir, a folder of patches, - for stdin, or a revision range A..B of the tree',
    )
    .option('--tree <dir>', 'the rdma-core repository to review against (never written to)')
    .option('--base <rev>', 'apply the series to this revision')
    .option('--checks <list>', `which checks to make`, parseChecks, [...AVAILABLE])
    .addOption(new Option('--format <format>', 'how to report').choices(Object.keys(reporters)).default('text'))
    .option('--output <file>', 'write the report there')
    .action(async (inputs: string[], options: Options) => {
      await reviewCommand(inputs, options, app);
    });
}

async function reviewCommand(inputs: string[], options: Options, app: App): Promise<void> {
  await using tree = await app.openTree(options.tree);
  await loadParsers();
  const { series, notices } = await readOneSeries(inputs, {
    stdin: process.stdin,
    formatRange: range => tree.formatRange(range),
  });
  const lab = await app.lab(tree, { guest: options.checks.includes('odp') });
  const report = await review({
    series,
    tree,
    baseRev: options.base,
    checks: options.checks,
    rules,
    lab,
    notices,
    onProgress: app.progress,
  });
  app.signal.throwIfAborted();
  // Before the report is written: its reader may leave in the middle of it.
  process.exitCode = exitStatus(report.verdict, report.series);
  await output(
    reporters[options.format]!(report, { color: app.config.color && options.output === undefined }),
    options.output,
    app,
  );
}
