// SPDX-License-Identifier: MIT
// A run of its own process, for tests that kill it, start two, or take its disk away: opens the tree, applies the mails, prints one line of JSON.
// node child.ts DIR CACHE MBOX BASE [TIMES]
import { readFileSync } from 'node:fs';
import { AbideError } from '../../app/errors.ts';
import { openTree } from '../../app/trees/index.ts';
import { seriesOf } from './repo.ts';

const [dir, cache, mbox, base, times = '1'] = process.argv.slice(2) as [string, string, string, string, string?];
try {
  await using tree = await openTree({ dir, cache });
  const series = await seriesOf(readFileSync(mbox));
  for (let left = Number(times); left > 0; left--) {
    const { commits, complete, problem, step } = await tree.apply(series, { commit: base, how: '' });
    if (left === 1) process.stdout.write(`${JSON.stringify({ commits, complete, problem, outcome: step.outcome })}\n`);
  }
} catch (error) {
  if (!(error instanceof AbideError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
}
