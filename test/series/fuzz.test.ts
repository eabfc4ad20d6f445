// SPDX-License-Identifier: MIT
// Bytes that no mailer makes: nothing throws, nothing hangs, and what comes out holds together.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import type { RawMail, Series } from '../../app/model/index.ts';
import { parseDiff, readReply, readSeries, splitMbox } from '../../app/series/index.ts';
import { mutants } from './fuzz.ts';

const DIR = resolve(import.meta.dirname, '../fixtures/mail');
const MAILS = readdirSync(DIR)
  .filter(name => !name.endsWith('.json'))
  .flatMap(name => splitMbox(readFileSync(join(DIR, name)), name).map(raw => raw.bytes));
const COUNT = 5000;
const MAX_MS = 1000;

const raw = (bytes: Uint8Array): RawMail => ({ source: 'fuzz', cursor: '0', bytes });

/** What everybody behind may rely on. */
function assertSound(series: Series): void {
  assert.equal(series.state === 'complete', series.problem === undefined);
  if (series.state !== 'complete') return;
  assert.ok(series.patches.length > 0);
  for (const [at, patch] of series.patches.entries()) {
    assert.equal(patch.index, at + 1);
    assert.equal(patch.total, series.patches.length);
    assert.ok(patch.diff.length > 0 && patch.mbox.length > 0);
    for (const file of patch.files) {
      assert.ok(!file.path.split('/').includes('..') && !file.path.startsWith('/'), file.path);
      for (const hunk of file.hunks) {
        assert.equal(hunk.lines.filter(line => line.kind !== 'add').length, hunk.oldLines);
        assert.equal(hunk.lines.filter(line => line.kind !== 'del').length, hunk.newLines);
      }
    }
  }
}

describe('fuzzed mails', function () {
  this.timeout(120_000);

  it(`${COUNT} mutated mails, alone and in threads`, async () => {
    let batch: RawMail[] = [];
    let read = 0;
    for (const bytes of mutants(MAILS, 20261122)) {
      batch.push(raw(bytes));
      const started = process.cpuUsage();
      for (const series of await readSeries([raw(bytes)])) assertSound(series);
      const took = process.cpuUsage(started).user / 1000;
      assert.ok(took < MAX_MS, `${took} ms for\n${bytes.toString('latin1')}`);
      if (batch.length === 20) {
        for (const series of await readSeries(batch)) {
          assertSound(series);
          for (const reply of series.replies) assert.ok(readReply(reply.mail).lines.length > 0);
        }
        batch = [];
      }
      if (++read === COUNT) break;
    }
  });

  it('any bytes at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async bytes => {
        for (const mail of splitMbox(bytes, 'x')) for (const series of await readSeries([mail])) assertSound(series);
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  it('any lines that look like a diff', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'diff --git a/x b/x',
        '--- a/x',
        '+++ b/x',
        '@@ -1,2 +1,2 @@',
        '@@ -1 +1 @@',
        ' a',
        '-a',
        '+a',
        '\\ No newline',
        '',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), lines => {
        parseDiff(lines.join('\n'));
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });
});
