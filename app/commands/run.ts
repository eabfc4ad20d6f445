// SPDX-License-Identifier: MIT
// `abide run`: build and test one revision, no series.
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { App } from '../main.ts';
import type { Check } from '../model/index.ts';
import { runRevision } from '../run-revision.ts';
import { renderRun, renderRunJson } from '../reporters/run.ts';
import { output, parseChecks } from './options.ts';

interface Options {
  tree?: string;
  rev: string;
  checks: Check[];
  format: 'text' | 'json';
  output?: string;
}

export function addRun(program: Command, app: App): void {
  program
    .command('run')
    .description('build and test one revision of a tree')
    .option('--tree <dir>', 'the rdma-core repository (never written to)')
    .requiredOption('--rev <rev>', 'the revision')
    .option('--checks <list>', 'which checks to make', parseRunChecks, ['build', 'odp'])
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report there')
    .action(async (options: Options) => {
      process.exitCode = await runCommand(options, app);
    });
}

/** Rules and apply judge a change, and a revision alone is none: a pass for what was not looked at would be a lie. */
function parseRunChecks(list: string): Check[] {
  const checks = parseChecks(list);
  const other = checks.find(check => check !== 'build' && check !== 'odp');
  if (other === undefined) return checks;
  throw new InvalidArgumentError(`the check "${other}" needs a series; for a revision there are build, odp.`);
}

async function runCommand(options: Options, app: App): Promise<number> {
  await using tree = await app.openTree(options.tree);
  const commit = await tree.resolve(options.rev);
  const guest = options.checks.includes('odp');
  const result = await runRevision(commit, { lab: await app.lab(tree, { guest }), guest });
  app.signal.throwIfAborted();
  const color = app.config.color && options.output === undefined;
  await output(options.format === 'json' ? renderRunJson(result) : renderRun(result, { color }), options.output, app);
  return { pass: 0, warn: 0, fail: 1, error: 3 }[result.verdict];
}
