// SPDX-License-Identifier: MIT
// Which check a step belongs to, by its name; and which findings are no rule's.
import type { Check } from './report.ts';

export function checkOfStep(name: string): Check {
  if (name === 'apply') return 'apply';
  return /^(configure|build)\b/.test(name) ? 'build' : 'odp';
}

/** The check that a finding comes from: a few are made by applying and building, all others by rules. */
export function checkOfFinding(rule: string): Check {
  if (rule === 'does-not-apply') return 'apply';
  return rule.startsWith('build-') ? 'build' : 'rules';
}
