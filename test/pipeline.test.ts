// SPDX-License-Identifier: MIT
// The order of the flow, and what it does when a part of it breaks. The lab here is told how to behave: the real one has its own rings.
import assert from 'node:assert/strict';
import { review, type Lab, type ReviewRequest } from '../app/pipeline.ts';
import type { Outcome, Series, Step } from '../app/model/index.ts';
import type { Applied, Tree } from '../app/trees/index.ts';
import { failing } from './reporters/sample.ts';

const step = (name: string, outcome: Outcome = 'pass', cases: Step['cases'] = []): Step => ({
  name,
  outcome,
  seconds: 0,
  log: '',
  cases,
  ...(outcome === 'pass' ? {} : { reason: `${name} was told to` }),
});
const tests = (outcome: Outcome): Step =>
  step('native-check', 'pass', [{ name: 'odp_rc_write', outcome, reason: 'told' }]);
const base = { commit: 'b'.repeat(40), how: 'told' };
const applied: Applied = { base, commits: ['c'.repeat(40)], tip: 'c'.repeat(40), complete: true, step: step('apply') };
const guest = (steps: Step[]) => ({ kernel: '7.3', accel: 'tcg', steps });

/** A tree and a lab in which all is well, but for what is given. */
function request(told: { tree?: Partial<Tree>; lab?: Partial<Lab>; series?: Partial<Series> }): ReviewRequest {
  const tree = {
    findBase: () => Promise.resolve(base),
    apply: () => Promise.resolve(applied),
    loadChange: () => Promise.reject(new Error('not asked for')),
    loadChangeFromBlobs: () => Promise.resolve(undefined),
    ...told.tree,
  } as unknown as Tree;
  const lab: Lab = {
    buildBase: () => Promise.resolve({ steps: [step('build base')], built: { commit: base.commit, payload: 'base' } }),
    buildSeries: () =>
      Promise.resolve({ steps: [step('build 1/2')], findings: [], built: { commit: applied.tip, payload: 'patched' } }),
    runGuest: () => Promise.resolve(guest([tests('pass')])),
    ...told.lab,
  };
  return { series: { ...failing.series, ...told.series }, tree, lab, checks: ['apply', 'build', 'odp'], rules: [] };
}

describe('pipeline', () => {
  it('passes what builds and works', async () => {
    const report = await review(request({}));
    assert.deepEqual([report.verdict, report.because], ['pass', 'nothing found, 1 test passed']);
    assert.deepEqual(
      report.runs.map(run => [run.target, run.kernel, run.steps.map(s => s.name)]),
      [
        ['base', '7.3', ['build base', 'native-check']],
        ['patched', '7.3', ['apply', 'build 1/2', 'native-check']],
      ],
    );
  });
  it('fails what works on base and not with the series', async () => {
    const runGuest: Lab['runGuest'] = payload => Promise.resolve(guest([tests(payload === 'base' ? 'pass' : 'fail')]));
    assert.equal((await review(request({ lab: { runGuest } }))).verdict, 'fail');
  });
  it('holds nothing against the series that a second run does not show again', async () => {
    let patchedRuns = 0;
    const runGuest: Lab['runGuest'] = payload =>
      Promise.resolve(guest([tests(payload === 'patched' && patchedRuns++ === 0 ? 'fail' : 'pass')]));
    const report = await review(request({ lab: { runGuest } }));
    assert.deepEqual([report.verdict, patchedRuns, report.ledger.map(e => e.kind)], ['pass', 2, ['unsteady']]);
  });
  it('runs a guest that broke once more, says so, and keeps the second word', async () => {
    let runs = 0;
    const runGuest: Lab['runGuest'] = () =>
      Promise.resolve(guest([runs++ === 0 ? step('boot', 'error') : tests('pass')]));
    const report = await review(request({ lab: { runGuest } }));
    assert.deepEqual([report.verdict, runs], ['pass', 3]);
    assert.deepEqual(report.notices.map(n => n.code), ['retried']); // prettier-ignore
  });
  it('reaches no verdict when the guest breaks twice', async () => {
    const report = await review(request({ lab: { runGuest: () => Promise.resolve(guest([step('boot', 'error')])) } }));
    assert.equal(report.verdict, 'error');
    assert.match(report.because, /boot .*error of ours/);
  });
  it('never blames the series for a base that does not build', async () => {
    const report = await review(
      request({ lab: { buildBase: () => Promise.resolve({ steps: [step('build base', 'fail')] }) } }),
    );
    assert.equal(report.verdict, 'error');
    assert.match(report.because, /base itself does not build/);
  });
  it('says that the tests were not reached where the series does not build', async () => {
    const finding = { ...failing.findings[0]!, rule: 'build-broken' };
    const buildSeries: Lab['buildSeries'] = () =>
      Promise.resolve({ steps: [step('build 1/2', 'fail')], findings: [finding] });
    const report = await review(request({ lab: { buildSeries } }));
    assert.equal(report.verdict, 'fail');
    assert.deepEqual(report.notices.map(n => n.code), ['odp-not-reached']); // prettier-ignore
  });
  it('tells a patch that is at fault from a tree that lacks what it needs', async () => {
    const verdict = async (fault: 'series' | 'tree' | 'machine'): Promise<string> => {
      const problem = { patch: 1, fault, path: 'a.c', line: 3, message: 'patch failed: a.c:3' };
      const report = await review(request({ tree: { apply: () => Promise.resolve({ ...applied, complete: false, step: step('apply', fault === 'series' ? 'fail' : 'error'), problem }) } })); // prettier-ignore
      return `${report.verdict} ${report.findings.map(f => `${f.rule} ${f.at.path}:${f.at.line}`).join()}`.trim();
    };
    assert.deepEqual([await verdict('series'), await verdict('tree'), await verdict('machine')], ['fail does-not-apply a.c:3', 'error', 'error']); // prettier-ignore
  });
  it('tells of a suppression without a reason', async () => {
    const [patch, ...rest] = failing.series.patches;
    const trailers = [{ key: 'Abide-suppress', value: '0123456789abcdef' }];
    const report = await review(request({ series: { patches: [{ ...patch!, trailers }, ...rest] } }));
    assert.deepEqual([report.verdict, report.notices.map(n => n.code)], ['pass', ['suppression-ignored']]);
  });
  it('does not touch the tree for a series with a part missing', async () => {
    const findBase = (): never => assert.fail('looked for a base');
    const report = await review(
      request({ series: { state: 'waiting', problem: 'patch 2/2 is missing' }, tree: { findBase } }),
    );
    assert.deepEqual([report.verdict, report.because], ['error', 'patch 2/2 is missing']);
  });
});
