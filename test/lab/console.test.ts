// SPDX-License-Identifier: MIT
// Each file of test/fixtures/console is a console, most of them of our own guests with our own broken module loaded: what is to be found,
// a blank line, the raw log.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { CONSOLE_KINDS, readConsole } from '../../app/lab/console.ts';
import { cpuSeconds } from '../support/cpu.ts';

const FIXTURES = new URL('../fixtures/console/', import.meta.url);
const files = readdirSync(FIXTURES).sort();

function load(file: string): { expected: string[]; log: string } {
  const text = readFileSync(new URL(file, FIXTURES), 'utf8');
  const end = text.indexOf('\n\n');
  const expected = text.slice(0, end).split('\n');
  return { expected: expected.filter(line => line !== 'finds: nothing'), log: text.slice(end + 2) };
}

describe('console reader', () => {
  for (const file of files) {
    it(file, () => {
      const { expected, log } = load(file);
      assert.deepEqual(
        readConsole(log).map(({ kind, title }) => `finds: ${kind} ${title}`),
        expected,
      );
    });
  }

  it('has a fixture for every kind', () => {
    const seen = new Set(files.flatMap(file => readConsole(load(file).log).map(finding => finding.kind)));
    assert.deepEqual([...seen].sort(), [...CONSOLE_KINDS].sort());
  });

  it('points at the line and shows what follows it', () => {
    const [finding] = readConsole(
      '[    1.000000] fine\n[    2.000000] kernel BUG at x.c:1!\n[    2.000001] RIP: 0010:f\n',
    );
    assert.equal(finding?.line, 2);
    assert.match(finding.excerpt, /^\[ +2\.000000\] kernel BUG at x\.c:1!\n.*RIP: 0010:f/);
  });

  it('says nothing more than once a report, and again in the next report', () => {
    const report =
      '[    2.000000] WARNING: a.c:1 at f\n[    2.000001] WARNING: inner\n[    2.000002] ---[ end trace 0 ]---\n';
    assert.equal(readConsole(report).length, 1);
    assert.equal(readConsole(report + report).length, 2);
  });

  it('never throws, never prints a control character, and finds what stands on a line of its own in any noise', () => {
    const line = '[   10.000000] Kernel panic - not syncing: no';
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...files).map(file => load(file).log.slice(0, 3000)),
    );
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const findings = readConsole(`${before}\n${line}\n${after}`);
        for (const { title, excerpt } of findings) assert.doesNotMatch(title + excerpt, /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
        assert.ok(findings.some(finding => finding.kind === 'panic'));
      }),
      { numRuns: 150 },
    );
  });

  it('reads four megabytes of the worst in less than two seconds', () => {
    const worst = '[ '.repeat(1 << 20) + '\n'.repeat(1 << 20) + '[    1.000000] INFO: task blocked '.repeat(30_000);
    const seconds = cpuSeconds(() => readConsole(worst));
    assert.ok(seconds < 2, `${seconds} s`);
  });
});
