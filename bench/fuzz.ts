// SPDX-License-Identifier: MIT
// A million mutated mails: none may throw, none may take long. `node bench/fuzz.ts [COUNT [SEED]]` prints the slowest.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSeries, splitMbox } from '../app/series/index.ts';
import { mutants } from '../test/series/fuzz.ts';

const DIR = resolve(import.meta.dirname, '../test/fixtures/mail');
const MAX_MS = 1000;

/** @throws Error with the mail, where one throws or takes longer than a second of this process's time */
export async function fuzzMails(count: number, seed = 1): Promise<string> {
  const names = readdirSync(DIR).filter(name => !name.endsWith('.json'));
  const mails = names.flatMap(name => splitMbox(readFileSync(join(DIR, name)), name).map(raw => raw.bytes));
  const started = performance.now();
  let [read, slowest, series] = [0, 0, 0];
  for (const bytes of mutants(mails, seed)) {
    const before = process.cpuUsage();
    try {
      series += (await readSeries([{ source: 'fuzz', cursor: '0', bytes }])).length;
    } catch (error) {
      throw new Error(`mail ${read} of seed ${seed} throws:\n${bytes.toString('latin1')}`, { cause: error });
    }
    const took = process.cpuUsage(before).user / 1000;
    if (took > MAX_MS) throw new Error(`mail ${read} of seed ${seed} takes ${took} ms:\n${bytes.toString('latin1')}`);
    slowest = Math.max(slowest, took);
    if (++read === count) break;
  }
  const seconds = (performance.now() - started) / 1000;
  return `fuzz: ${read} mails, ${series} series, none threw, slowest ${slowest.toFixed(0)} ms, ${seconds.toFixed(0)} s`;
}

if (import.meta.main) {
  const [count, seed] = process.argv.slice(2).map(Number);
  process.stdout.write(`${await fuzzMails(count ?? 1_000_000, seed ?? 1)}\n`);
}
