// SPDX-License-Identifier: MIT
// Reading mails against `git mailinfo`: the same mails, the same run, in turns. `node bench/parse.ts [--fuzz]` prints it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawMail } from '../app/model/index.ts';
import { readSeries, splitMbox } from '../app/series/index.ts';
import { Scratch } from '../test/series/git-oracle.ts';
import { makeHistory } from '../test/series/made-history.ts';
import { historyDir, treeDir } from '../test/support/env.ts';
import { fuzzMails } from './fuzz.ts';

const MAILS = 500;
const ROUNDS = 5;

/** Milliseconds a mail; `ours` is everything from bytes to series, diffs and mboxes for `git am` included. */
export interface Measured {
  name: string;
  ours: number;
  baseline: number;
  ratio: number;
}

export async function benchParse(): Promise<Measured> {
  const raws = splitMbox(formatMails(), 'bench.mboxrd');
  const dir = mkdtempSync(join(tmpdir(), 'abide-bench-'));
  try {
    mkdirSync(join(dir, 'mails'));
    for (const [index, raw] of raws.entries()) writeFileSync(join(dir, 'mails', String(index)), raw.bytes);
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      baseline.push(await milliseconds(async () => runMailinfo(dir)));
      ours.push(await milliseconds(() => readAll(raws)));
    }
    const [a, b] = [median(ours) / raws.length, median(baseline) / raws.length];
    return {
      name: `parsing, ms a mail (${raws.length} mails, median of ${ROUNDS})`,
      ours: a,
      baseline: b,
      ratio: a / b,
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Patches of rdma-core's history where it is there, else of a made one. */
function formatMails(): Buffer {
  using scratch = new Scratch();
  const format = [
    '--pretty=mboxrd',
    '--patch-with-stat',
    '--binary',
    '-M',
    '-C',
    '--full-index',
    '--no-merges',
    `-${MAILS}`,
  ];
  if (historyDir === undefined) {
    makeHistory(scratch, { treeDir, count: MAILS, seed: 1 });
    return scratch.git(['log', ...format, 'main']).stdout;
  }
  return scratch.git(['-C', historyDir, 'log', ...format, 'HEAD']).stdout;
}

/** One process a mail, as `git am` runs it, started by the cheapest thing that can start it. */
function runMailinfo(dir: string): void {
  const loop = 'for mail in mails/*; do git mailinfo --scissors log patch <"$mail" >info; done';
  execFileSync('sh', ['-c', loop], { cwd: dir, stdio: ['ignore', 'ignore', 'ignore'] });
}

/** Each mail for itself, as `git mailinfo` has it: no thread is given away. */
async function readAll(raws: readonly RawMail[]): Promise<void> {
  for (const raw of raws) await readSeries([raw]);
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

if (import.meta.main) {
  const { name, ours, baseline, ratio } = await benchParse();
  process.stdout.write(
    `${name}: ours ${ours.toFixed(2)}, git mailinfo ${baseline.toFixed(2)}, ratio ${ratio.toFixed(2)}\n`,
  );
  if (process.argv.includes('--fuzz')) process.stdout.write(`${await fuzzMails(1_000_000)}\n`);
}
