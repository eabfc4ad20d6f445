// SPDX-License-Identifier: MIT
// What `abide run` prints: one revision's steps and cases.
import { createColors } from 'picocolors';
import { forLine, forTerminal } from '../model/harmless.ts';
import type { Run, Verdict } from '../model/index.ts';
import { runObject } from './json.ts';
import { countCases, countsInWords } from './summary.ts';

interface RevisionResult {
  readonly commit: string;
  readonly verdict: Verdict;
  readonly because: string;
  readonly run: Run;
}

export function renderRunJson(result: RevisionResult): string {
  const { commit, verdict, because, run } = result;
  return JSON.stringify({ schema: 'abide/run@1', verdict, because, commit, runs: [runObject(run)] }, null, 2) + '\n';
}

export function renderRun(result: RevisionResult, options: { color: boolean }): string {
  const c = createColors(options.color);
  const color = { pass: c.green, fail: c.red, error: c.magenta, skip: c.dim };
  const lines = result.run.steps.flatMap(step => {
    const detail = step.cases.length > 0 ? countsInWords(countCases([step])) : (step.reason ?? '');
    const told = step.cases.filter(one => one.outcome !== 'pass');
    const log =
      step.outcome === 'fail' || step.outcome === 'error' ? forTerminal(step.log).trimEnd().split('\n').slice(-15) : [];
    return [
      `  ${color[step.outcome](step.outcome.padEnd(5))}  ${forLine(step.name)}  ${step.seconds.toFixed(1)} s  ${forLine(detail)}`.trimEnd(),
      ...told.map(
        one =>
          `         ${color[one.outcome](one.outcome)} ${forLine(one.name)}${one.reason ? `: ${forLine(one.reason)}` : ''}`,
      ),
      ...log.filter(Boolean).map(line => c.dim(`         | ${line}`)),
    ];
  });
  const where = result.run.kernel === '-' ? '' : `, Linux ${forLine(result.run.kernel)}, ${result.run.accel}`;
  return (
    [
      c.bold(`${result.commit.slice(0, 12)}${where}`),
      ...lines,
      '',
      `${c.bold('Verdict')}: ${result.verdict}, ${forLine(result.because)}`,
    ].join('\n') + '\n'
  );
}
