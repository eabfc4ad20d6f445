// SPDX-License-Identifier: MIT
// The skip ledger: base and patched compared case by case, so that a test that silently stopped running is seen.
import type { LedgerEntry, Outcome, Run, Step } from './run.ts';
import { checkOfStep } from './steps.ts';

type Seen = { readonly outcome: Outcome; readonly reason: string };

/** Every case of every step that both targets run; a step without cases is a case of its own. */
function cases(steps: readonly Step[]): Map<string, { step: string; case: string; seen: Seen }> {
  const all = new Map<string, { step: string; case: string; seen: Seen }>();
  for (const step of steps) {
    // Applying and building differ by nature: the base is built in one go, and not applied. Booting is ours.
    if (checkOfStep(step.name) !== 'odp' || step.name === 'boot') continue;
    const own = step.cases.length > 0 ? step.cases : [{ name: '', outcome: step.outcome, reason: step.reason }];
    for (const one of own) {
      const seen = { outcome: one.outcome, reason: one.reason ?? step.reason ?? '' };
      all.set(`${step.name}\0${one.name}`, { step: step.name, case: one.name, seen });
    }
  }
  return all;
}

function kindOf(base: Outcome | 'absent', patched: Outcome | 'absent'): LedgerEntry['kind'] | undefined {
  if (base === 'error' || patched === 'error') return undefined; // our machinery: says nothing of the series
  if (patched === 'fail') return base === 'fail' ? 'also-on-base' : 'broken';
  if (base === 'pass' && (patched === 'skip' || patched === 'absent')) return 'lost';
  if (base === 'fail' && patched === 'pass') return 'repaired';
  if ((base === 'absent' || base === 'skip') && patched === 'pass') return 'new';
  return undefined;
}

/**
 * Compares the two runs of one kernel. Empty unless both are there: with no base to compare with, nothing can be blamed.
 * The order is the patched run's, then what only base had.
 */
export function ledger(base: Run, patched: Run): LedgerEntry[] {
  const before = cases(base.steps);
  const after = cases(patched.steps);
  // A step that our machinery broke has lost cases that the author did not lose.
  const broken = new Set([...base.steps, ...patched.steps].filter(s => s.outcome === 'error').map(s => s.name));
  const entries: LedgerEntry[] = [];
  for (const key of new Set([...after.keys(), ...before.keys()])) {
    const [was, is] = [before.get(key), after.get(key)];
    const place = (is ?? was)!;
    if (broken.has(place.step) && (!was || !is)) continue;
    const b: LedgerEntry['base'] = was?.seen.outcome ?? 'absent';
    const p: LedgerEntry['patched'] = is?.seen.outcome ?? 'absent';
    const kind = kindOf(b, p);
    if (!kind) continue;
    const reason = is?.seen.reason || (p === 'absent' ? 'the case is no longer reported' : (was?.seen.reason ?? ''));
    entries.push({ step: place.step, case: place.case, base: b, patched: p, kind, reason });
  }
  return entries;
}

export const isBlamed = (entry: LedgerEntry): boolean => entry.kind === 'broken' || entry.kind === 'lost';

/** What one run alone must not claim: that the series broke a test, or repaired one. */
export const needsConfirming = (entry: LedgerEntry): boolean => isBlamed(entry) || entry.kind === 'repaired';

/** Blame needs two runs that agree, and so does praise: what is not seen again is told, and counted for nobody. */
export function confirm(first: readonly LedgerEntry[], again: readonly LedgerEntry[]): LedgerEntry[] {
  const key = (entry: LedgerEntry): string => [entry.step, entry.case, isBlamed(entry)].join('\0');
  const seen = new Set(again.filter(needsConfirming).map(key));
  return first.map(entry => (needsConfirming(entry) && !seen.has(key(entry)) ? { ...entry, kind: 'unsteady' } : entry));
}
