// SPDX-License-Identifier: MIT
// `npm run bench`: every measurement beside its baseline of the same run, as a ratio; `--fuzz` adds a million mutated mails.
import { fuzzMails } from './fuzz.ts';
import { benchParse } from './parse.ts';
import { secondsOfWarmReview } from './review.ts';
import { benchVm, secondsOfBareBoot } from './vm.ts';

interface Row {
  readonly name: string;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
}

function print(row: Row, aim: number): void {
  const { name, ours, baseline, ratio } = row;
  const met = ratio <= aim ? 'met' : 'MISSED';
  process.stdout.write(
    `${name}\n  ours ${ours.toFixed(2)}, baseline ${baseline.toFixed(2)}: ratio ${ratio.toFixed(2)}, aim ${aim}: ${met}\n`,
  );
}

print(await benchParse(), 0.3);
for (const row of await benchVm()) print(row, /virtme/.test(row.name) ? 0.2 : 0.4);
const baseline = await secondsOfBareBoot();
const { seconds, parts } = await secondsOfWarmReview();
print(
  {
    name: `warm review of a one-file series, mail to verdict, against a bare boot, seconds (${parts})`,
    ours: seconds,
    baseline,
    ratio: seconds / baseline,
  },
  1,
);
if (process.argv.includes('--fuzz')) process.stdout.write(`${await fuzzMails(1_000_000)}\n`);
