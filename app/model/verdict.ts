// SPDX-License-Identifier: MIT
// The one function that decides. A finding is the patch's, a fail is a test's, an error is ours: never mixed.
import type { Finding } from './change.ts';
import type { Verdict } from './report.ts';
import type { LedgerEntry, Run } from './run.ts';
import type { Series } from './series.ts';
import { isBlamed } from './ledger.ts';
import { checkOfStep } from './steps.ts';

export interface Evidence {
  readonly series: Pick<Series, 'state' | 'problem'>;
  readonly findings: readonly Finding[];
  readonly ledger: readonly LedgerEntry[];
  readonly runs: readonly Run[];
  /** A reason of ours why the evidence is incomplete: no base, a check that could not be made. */
  readonly trouble?: string | undefined;
}

export interface Decision {
  readonly verdict: Verdict;
  readonly because: string;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/**
 * Proof against the series outweighs our own troubles, since no repeat can take it back; our troubles outweigh a pass,
 * since what was not seen to work is not said to work.
 */
export function decide(evidence: Evidence): Decision {
  const { series } = evidence;
  if (series.state !== 'complete') {
    return { verdict: 'error', because: series.problem ?? `the series is ${series.state}` };
  }
  const counted = evidence.findings.filter(f => !f.suppressed);
  const errors = counted.filter(f => f.severity === 'error').length;
  const blamed = evidence.ledger.filter(isBlamed).length;
  if (errors + blamed > 0) {
    const reasons = [
      ...(errors > 0 ? [count(errors, 'finding') + ' of severity error'] : []),
      ...(blamed > 0
        ? [`${count(blamed, 'test')} that ${blamed === 1 ? 'passes' : 'pass'} on base and not with the series`]
        : []),
    ];
    return { verdict: 'fail', because: reasons.join('; ') };
  }
  const trouble = evidence.trouble ?? brokenStep(evidence.runs);
  if (trouble) return { verdict: 'error', because: trouble };
  const warnings = counted.filter(f => f.severity === 'warning').length;
  if (warnings > 0) return { verdict: 'warn', because: count(warnings, 'warning') + ', no error' };
  const steps = evidence.runs.filter(r => r.target === 'patched').flatMap(r => r.steps);
  const ran = steps.filter(s => checkOfStep(s.name) === 'odp').flatMap(s => s.cases);
  const passed = ran.filter(c => c.outcome === 'pass').length;
  return { verdict: 'pass', because: passed > 0 ? `nothing found, ${count(passed, 'test')} passed` : 'nothing found' };
}

function brokenStep(runs: readonly Run[]): string | undefined {
  for (const run of runs) {
    const step = run.steps.find(s => s.outcome === 'error' || s.cases.some(c => c.outcome === 'error'));
    if (step) {
      const reason = step.reason ?? step.cases.find(c => c.outcome === 'error')?.reason ?? 'no reason given';
      return `${step.name} (${run.target}) ended in an error of ours: ${reason}`;
    }
  }
  return undefined;
}

/** The exit status that the command promises: 2 is wrong input, 3 is ours. */
export function exitStatus(verdict: Verdict, series: Pick<Series, 'state'>): 0 | 1 | 2 | 3 {
  if (verdict === 'pass' || verdict === 'warn') return 0;
  if (verdict === 'fail') return 1;
  return series.state === 'complete' ? 3 : 2;
}
