// SPDX-License-Identifier: MIT
// The tree's own programs and native-check on two real kernels: all of the plan on the newest, and no ODP on the old one, said cleanly.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { buildBase } from '../../app/lab/build.ts';
import { ODP_PLAN } from '../../app/lab/plan.ts';
import { runGuest } from '../../app/lab/vm.ts';
import { cacheDir, treeDir } from '../support/env.ts';
import { kernel, step, words } from './support.ts';

describe('the ODP plan', function () {
  // A cold cache builds the tree and boots both kernels.
  this.timeout(10 * 60_000);
  let payload: string;

  before(async () => {
    const gitDir = execFileSync('git', ['-C', treeDir, 'rev-parse', '--absolute-git-dir'], { encoding: 'utf8' }).trim();
    const commit = execFileSync('git', ['-C', treeDir, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
    const nativeCheckDir = new URL('../../native-check', import.meta.url).pathname;
    const { built, steps } = await buildBase(commit, { gitDir, cache: cacheDir, nativeCheckDir });
    assert.ok(built, steps.at(-1)?.reason);
    payload = built.payload;
  });

  it('passes on the newest kernel, with cases that ran', async () => {
    const run = await runGuest({ payload, steps: ODP_PLAN }, { cache: cacheDir, kernel: await kernel('newest') });
    assert.deepEqual(
      run.steps.filter(one => one.outcome !== 'pass'),
      [],
      words(run).join('\n'),
    );
    assert.ok(step(run, 'native-check').cases.filter(one => one.outcome === 'pass').length > 10);
  });

  it('skips what needs ODP on the old kernel, and runs the rest', async () => {
    const run = await runGuest({ payload, steps: ODP_PLAN }, { cache: cacheDir, kernel: await kernel('old') });
    assert.equal(step(run, 'ibv_rc_pingpong -o').outcome, 'skip');
    assert.match(step(run, 'ibv_rc_pingpong -o').reason ?? '', /isn't ODP capable/);
    assert.equal(step(run, 'ibv_rc_pingpong').outcome, 'pass');
    assert.deepEqual(
      run.steps.filter(one => one.outcome === 'fail' || one.outcome === 'error'),
      [],
      words(run).join('\n'),
    );
    for (const one of step(run, 'native-check').cases) assert.ok(one.outcome === 'pass' || one.reason, one.name);
  });
});
