// SPDX-License-Identifier: MIT
// `--format b4`: the JSON array that b4 expects of a check command (review-series-check-cmd): tool, status, summary, details.
import type { Report } from '../model/index.ts';
import { forLine, forTerminal } from '../model/harmless.ts';
import { checkOfFinding, checkOfStep } from '../model/steps.ts';
import { summarise } from './summary.ts';

// b4 knows pass, warn and fail; an error of ours must not be held against the author, so it is a warn that says so.
const STATUS = { pass: 'pass', warn: 'warn', fail: 'fail', error: 'warn', skip: 'warn' } as const;

export function renderB4(report: Report): string {
  const rows = summarise(report).map(row => ({
    tool: `abide ${row.check}`,
    status: STATUS[row.outcome],
    summary: forLine(row.outcome === 'error' ? `not decided, an error of ours: ${row.detail}` : row.detail),
    details: details(report, row.check),
  }));
  const verdict = { tool: 'abide', status: STATUS[report.verdict], summary: forLine(report.because) };
  return JSON.stringify([verdict, ...rows], null, 2) + '\n';
}

function details(report: Report, check: string): string {
  const findings = report.findings
    .filter(f => checkOfFinding(f.rule) === check)
    .map(f => `${f.severity} ${f.rule} ${f.at.path}:${f.at.line} (patch ${f.at.patch})\n${f.message}\n`);
  const blamed =
    check === 'odp' ? report.ledger.map(e => `${e.base} -> ${e.patched} ${e.step} ${e.case}: ${e.reason}`) : [];
  const steps = report.runs
    .flatMap(run => run.steps.map(step => ({ run, step })))
    .filter(({ step }) => checkOfStep(step.name) === check)
    .map(({ run, step }) => `${run.target} ${step.name}: ${step.outcome}${step.reason ? `, ${step.reason}` : ''}`);
  return forTerminal([...findings, ...blamed, ...steps].join('\n'));
}
