// SPDX-License-Identifier: MIT
// One revision built and tested on its own. With no base beside it, every failed test counts.
import type { Run, Step, Verdict } from './model/index.ts';
import type { Lab } from './pipeline.ts';

export interface RevisionResult {
  readonly commit: string;
  readonly verdict: Verdict;
  readonly because: string;
  readonly run: Run;
}

export async function runRevision(commit: string, options: { lab: Lab; guest: boolean }): Promise<RevisionResult> {
  const { steps, built } = await options.lab.buildBase(commit);
  const guest = built && options.guest ? await options.lab.runGuest(built.payload) : undefined;
  const all = [...steps, ...(guest?.steps ?? [])];
  const run: Run = { target: 'base', kernel: guest?.kernel ?? '-', accel: guest?.accel ?? '-', steps: all };
  return { commit, run, ...decideRun(all) };
}

function decideRun(steps: readonly Step[]): { verdict: Verdict; because: string } {
  const broken = steps.find(step => step.outcome === 'error');
  const failed = steps
    .flatMap(step => (step.cases.length > 0 ? step.cases : [step]))
    .filter(one => one.outcome === 'fail');
  if (failed.length > 0) return { verdict: 'fail', because: `failed: ${failed.map(one => one.name).join(', ')}` };
  if (broken)
    return {
      verdict: 'error',
      because: `${broken.name} ended in an error of ours: ${broken.reason ?? 'no reason given'}`,
    };
  const passed = steps.flatMap(step => step.cases).filter(one => one.outcome === 'pass').length;
  return { verdict: 'pass', because: passed > 0 ? `${passed} tests passed` : 'it builds' };
}
