// SPDX-License-Identifier: MIT
// What every reporter counts the same way: the checks with one word each. Pure.
import type { Check, Outcome, Report, Run, Step } from '../model/index.ts';

export interface CheckSummary {
  readonly check: Check;
  readonly outcome: Outcome | 'warn';
  /** `3 errors`, `34 pass, 5 skip`, `patch 2/3 does not build`. */
  readonly detail: string;
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

export function countCases(steps: readonly Step[]): Record<Outcome, number> {
  const counts = { pass: 0, fail: 0, skip: 0, error: 0 };
  for (const step of steps) {
    if (step.cases.length === 0) counts[step.outcome]++;
    for (const one of step.cases) counts[one.outcome]++;
  }
  return counts;
}

/** `34 pass, 5 skip`; what is zero is left out. */
export function countsInWords(counts: Record<Outcome, number>): string {
  const words = Object.entries(counts).flatMap(([outcome, n]) => (n > 0 ? [`${n} ${outcome}`] : []));
  return words.join(', ') || 'nothing ran';
}

const stepsOf = (run: Run | undefined, check: 'apply' | 'build' | 'odp'): Step[] =>
  (run?.steps ?? []).filter(step => checkOfStep(step.name) === check);

export function checkOfStep(name: string): 'apply' | 'build' | 'odp' {
  if (name === 'apply') return 'apply';
  return /^(configure|build)\b/.test(name) ? 'build' : 'odp';
}

function worst(steps: readonly Step[]): Outcome {
  const order: Outcome[] = ['error', 'fail', 'pass', 'skip'];
  return order.find(outcome => steps.some(step => step.outcome === outcome)) ?? 'skip';
}

/** One line a check that was asked for, in the order in which they were made. */
export function summarise(report: Report): CheckSummary[] {
  const patched = report.runs.find(run => run.target === 'patched');
  return report.checks.flatMap((check): CheckSummary[] => {
    if (check === 'rules') return [summariseRules(report)];
    if (check !== 'apply' && check !== 'build' && check !== 'odp') return [];
    const steps = stepsOf(patched, check);
    if (steps.length === 0) return [{ check, outcome: 'skip', detail: 'not reached' }];
    return [check === 'odp' ? summariseOdp(report, steps) : summariseSteps(check, steps)];
  });
}

function summariseRules(report: Report): CheckSummary {
  const own = report.findings.filter(f => !f.suppressed);
  const errors = own.filter(f => f.severity === 'error').length;
  const warnings = own.filter(f => f.severity === 'warning').length;
  const parts = [...(errors ? [plural(errors, 'error')] : []), ...(warnings ? [plural(warnings, 'warning')] : [])];
  const outcome = errors ? 'fail' : warnings ? 'warn' : 'pass';
  return { check: 'rules', outcome, detail: parts.join(', ') || 'nothing found' };
}

function summariseSteps(check: Check, steps: readonly Step[]): CheckSummary {
  const bad = steps.find(step => step.outcome === 'fail' || step.outcome === 'error');
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const detail = bad
    ? `${bad.name}: ${bad.reason ?? bad.outcome}`
    : `${plural(steps.length, 'step')} in ${seconds.toFixed(1)} s`;
  return { check, outcome: worst(steps), detail };
}

function summariseOdp(report: Report, steps: readonly Step[]): CheckSummary {
  const blamed = report.ledger.filter(e => e.kind === 'broken' || e.kind === 'lost').length;
  const outcome = blamed ? 'fail' : steps.some(s => s.outcome === 'error') ? 'error' : 'pass';
  return { check: 'odp', outcome, detail: countsInWords(countCases(steps)) };
}
