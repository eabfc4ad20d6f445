// SPDX-License-Identifier: MIT
// What every reporter counts the same way: the checks with one word each. Pure.
import { isBlamed } from '../model/ledger.ts';
import { checkOfFinding, checkOfStep } from '../model/steps.ts';
import type { Check, LedgerEntry, Outcome, Report, Run, Step } from '../model/index.ts';

export interface CheckSummary {
  readonly check: Check;
  readonly outcome: Outcome | 'warn';
  /** `3 errors`, `34 pass, 5 skip`, `patch 2/3 does not build`. */
  readonly detail: string;
}

const plural = (n: number, word: string, many = `${word}s`): string => `${n} ${n === 1 ? word : many}`;

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
    return [check === 'odp' ? summariseOdp(report, steps) : summariseSteps(report, check, steps)];
  });
}

function summariseRules(report: Report): CheckSummary {
  if (report.series.state !== 'complete') return { check: 'rules', outcome: 'skip', detail: 'not reached' };
  if (report.notices.some(notice => notice.code === 'rules-not-run'))
    return { check: 'rules', outcome: 'skip', detail: 'not run' };
  const own = report.findings.filter(f => !f.suppressed && checkOfFinding(f.rule) === 'rules');
  const errors = own.filter(f => f.severity === 'error').length;
  const warnings = own.filter(f => f.severity === 'warning').length;
  const parts = [...(errors ? [plural(errors, 'error')] : []), ...(warnings ? [plural(warnings, 'warning')] : [])];
  const outcome = errors ? 'fail' : warnings ? 'warn' : 'pass';
  return { check: 'rules', outcome, detail: parts.join(', ') || 'nothing found' };
}

function summariseSteps(report: Report, check: Check, steps: readonly Step[]): CheckSummary {
  const bad = steps.find(step => step.outcome === 'fail' || step.outcome === 'error');
  if (bad) return { check, outcome: worst(steps), detail: firstSentence(bad.reason ?? bad.outcome) };
  const idle = steps.find(step => step.outcome === 'skip' && step.reason !== undefined);
  if (idle && worst(steps) === 'skip') return { check, outcome: 'skip', detail: idle.reason! };
  const warnings = report.findings.filter(f => !f.suppressed && checkOfFinding(f.rule) === check).length;
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0).toFixed(1);
  const patches = plural(report.series.patches.length, 'patch', 'patches');
  if (warnings > 0) return { check, outcome: 'warn', detail: `${plural(warnings, 'new warning')}, in ${seconds} s` };
  return { check, outcome: worst(steps), detail: `${patches} in ${seconds} s` };
}

/** The detail of a check is one line; the whole is with the finding or the step. */
const firstSentence = (text: string): string =>
  /^[^\n]*?[.:](?=\s)/.exec(text)?.[0].slice(0, -1) ?? text.split('\n')[0]!;

function summariseOdp(report: Report, steps: readonly Step[]): CheckSummary {
  const blamed = report.ledger.filter(isBlamed).length;
  const outcome = blamed ? 'fail' : steps.some(s => s.outcome === 'error') ? 'error' : 'pass';
  return { check: 'odp', outcome, detail: countsInWords(countCases(steps)) };
}

export interface LedgerGroup {
  readonly entries: readonly LedgerEntry[];
  /** The first entry's reason; the others' differ in numbers alone. */
  readonly reason: string;
}

/** One mistake breaks many tests in the same way: they are told together, what the series is blamed for first. */
export function groupLedger(entries: readonly LedgerEntry[]): LedgerGroup[] {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const key = [entry.kind, entry.base, entry.patched, entry.step, entry.reason.replace(/\d+/g, '#')].join('\0');
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const all = [...groups.values()].map(group => ({ entries: group, reason: group[0]!.reason }));
  return [...all.filter(g => isBlamed(g.entries[0]!)), ...all.filter(g => !isBlamed(g.entries[0]!))];
}
