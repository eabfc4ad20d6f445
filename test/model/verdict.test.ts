// SPDX-License-Identifier: MIT
// The verdict and the ledger under it: who is blamed for what, and what outweighs what.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ledger } from '../../app/model/ledger.ts';
import { decide, exitStatus } from '../../app/model/verdict.ts';
import type { Finding, LedgerEntry, Outcome, Run, Severity, Step } from '../../app/model/index.ts';

const complete = { state: 'complete' } as const;
const step = (name: string, outcome: Outcome, cases: [string, Outcome][] = []): Step => ({
  name,
  outcome,
  seconds: 1,
  log: '',
  reason: outcome === 'pass' ? '' : `${name} ${outcome}`,
  cases: cases.map(([name, outcome]) => ({ name, outcome, reason: `${name} ${outcome}` })),
});
const run = (target: Run['target'], ...steps: Step[]): Run => ({ target, kernel: '7.3', accel: 'tcg', steps });
const finding = (severity: Severity, suppressed = false): Finding => ({
  rule: 'r',
  severity,
  message: 'm',
  at: { patch: 1, path: 'p', side: 'post', line: 1 },
  fingerprint: '0'.repeat(16),
  ...(suppressed ? { suppressed: { by: 'a', reason: 'b' } } : {}),
});
const evidence = { series: complete, findings: [], ledger: [], runs: [] };
const kinds = (entries: LedgerEntry[]): string[] => entries.map(e => `${e.kind} ${e.case}`);

describe('ledger', () => {
  const compare = (base: [string, Outcome][], patched: [string, Outcome][]): string[] =>
    kinds(ledger(run('base', step('t', 'pass', base)), run('patched', step('t', 'pass', patched))));

  it('blames a test that passes on base and fails on patched', () => {
    assert.deepEqual(compare([['a', 'pass']], [['a', 'fail']]), ['broken a']);
  });
  it('blames a test that was skipped on base and fails on patched', () => {
    assert.deepEqual(compare([['a', 'skip']], [['a', 'fail']]), ['broken a']);
  });
  it('does not blame a test that fails on base too', () => {
    assert.deepEqual(compare([['a', 'fail']], [['a', 'fail']]), ['also-on-base a']);
  });
  it('sees a test that silently stopped running, skipped or gone', () => {
    assert.deepEqual(compare([['a', 'pass'], ['b', 'pass']], [['a', 'skip']]), ['lost a', 'lost b']); // prettier-ignore
  });
  it('says nothing of what is the same', () => {
    assert.deepEqual(compare([['a', 'pass'], ['b', 'skip']], [['a', 'pass'], ['b', 'skip']]), []); // prettier-ignore
  });
  it('tells what is repaired and what is new', () => {
    assert.deepEqual(compare([['a', 'fail']], [['a', 'pass'], ['b', 'pass']]), ['repaired a', 'new b']); // prettier-ignore
  });
  it('never blames the author for cases that an error of ours lost', () => {
    const base = run('base', step('t', 'pass', [['a', 'pass']]));
    assert.deepEqual(ledger(base, run('patched', step('t', 'error'))), []);
    assert.deepEqual(ledger(base, run('patched', step('t', 'pass', [['a', 'error']]))), []);
  });
  it('takes a step without cases for a case', () => {
    const entries = ledger(run('base', step('ping', 'pass')), run('patched', step('ping', 'fail')));
    assert.deepEqual(
      entries.map(e => [e.kind, e.step, e.case, e.reason]),
      [['broken', 'ping', '', 'ping fail']],
    );
  });
  it('leaves out the steps that only one target has', () => {
    assert.deepEqual(ledger(run('base'), run('patched', step('apply', 'pass'), step('build 1/2', 'fail'))), []);
  });
});

describe('verdict', () => {
  it('is pass, warn or fail by the worst finding', () => {
    const of = (...findings: Finding[]): string => decide({ ...evidence, findings }).verdict;
    assert.deepEqual(
      [of(), of(finding('info')), of(finding('warning')), of(finding('warning'), finding('error'))],
      ['pass', 'pass', 'warn', 'fail'],
    );
  });
  it('does not count what is suppressed', () => {
    assert.equal(decide({ ...evidence, findings: [finding('error', true)] }).verdict, 'pass');
  });
  it('is fail for a test that the series broke, even when a guest of ours broke too', () => {
    const entry: LedgerEntry = { step: 's', case: 'c', base: 'pass', patched: 'fail', kind: 'broken', reason: '' };
    const runs = [run('patched', step('boot', 'error'))];
    assert.equal(decide({ ...evidence, ledger: [entry], runs }).verdict, 'fail');
  });
  it('is never pass or warn when something of ours broke', () => {
    const runs = [run('base', step('boot', 'error'))];
    assert.equal(decide({ ...evidence, runs }).verdict, 'error');
    assert.equal(decide({ ...evidence, findings: [finding('warning')], trouble: 'no base' }).verdict, 'error');
    assert.equal(decide({ ...evidence, runs: [run('base', step('t', 'pass', [['a', 'error']]))] }).verdict, 'error');
  });
  it('is no verdict on a series that is not whole, and names what is missing', () => {
    const decision = decide({ ...evidence, series: { state: 'waiting', problem: 'patch 2/3 is missing' } });
    assert.deepEqual(decision, { verdict: 'error', because: 'patch 2/3 is missing' });
    assert.equal(exitStatus('error', { state: 'waiting' }), 2);
    assert.equal(exitStatus('error', complete), 3);
  });
  it('never lets a fail or an error through as a pass, whatever else there is', () => {
    const outcome = fc.constantFrom<Outcome>('pass', 'fail', 'skip', 'error');
    const cases = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), outcome), { selector: c => c[0] });
    fc.assert(
      fc.property(cases, cases, (onBase, onPatched) => {
        const runs = [run('base', step('t', 'pass', onBase)), run('patched', step('t', 'pass', onPatched))];
        const { verdict } = decide({ ...evidence, runs, ledger: ledger(runs[0]!, runs[1]!) });
        const failed = (name: string): boolean => onPatched.some(c => c[0] === name && c[1] === 'fail');
        const newFail = onPatched.some(
          ([name]) => failed(name) && !onBase.some(b => b[0] === name && /fail|error/.test(b[1])),
        );
        const error = [...onBase, ...onPatched].some(c => c[1] === 'error');
        if (newFail) assert.equal(verdict, 'fail');
        else if (error) assert.notEqual(verdict, 'pass');
      }),
    );
  });
});
