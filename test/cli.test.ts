// SPDX-License-Identifier: MIT
// The command as a person calls it: wrong usage ends with 2 and says what there is, before anything is looked for.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { execa } from 'execa';

const abide = resolve(import.meta.dirname, '../abide');

async function call(...args: string[]): Promise<{ exit: number | undefined; said: string }> {
  const done = await execa(abide, args, { cwd: tmpdir(), stdin: 'ignore', reject: false, all: true });
  return { exit: done.exitCode, said: done.all };
}

describe('wrong usage', () => {
  for (const [args, why] of [
    [['review'], /missing required argument 'input'/],
    [['review', 'x', '--checks', 'rules,taste'], /there is no check "taste"; there are rules, /],
    [['review', 'x', '--checks', 'compat'], /"compat" is not in this version; there are rules, apply, build, odp/],
    [['review', 'x', '--checks', ','], /no check is named/],
    [['review', 'x', '--format', 'html'], /Allowed choices are text, json/],
    [['run', '--rev', 'HEAD', '--checks', 'rules'], /"rules" needs a series; for a revision there are build, odp/],
    [['replay', '--jobs', '0'], /whole number from 1/],
    [['explain', 'vctx-slot'], /did you mean vctx-slot-moved/],
    [['nonsense'], /unknown command 'nonsense'/],
  ] as const) {
    it(`abide ${args.join(' ')}`, async () => {
      const { exit, said } = await call(...args);
      assert.equal(exit, 2, said);
      assert.match(said, why);
    });
  }

  it('help ends with 0', async () => {
    for (const args of [['--help'], ['review', '--help']]) assert.equal((await call(...args)).exit, 0);
  });
});
