// SPDX-License-Identifier: MIT
// `--format json`: the stable, versioned object (abide/report@1). A key is only ever added.
import type { Finding, Report, Run } from '../model/index.ts';

export function renderJson(report: Report): string {
  const { series } = report;
  const object = {
    schema: 'abide/report@1',
    verdict: report.verdict,
    because: report.because,
    series: {
      id: series.id,
      title: series.title,
      revision: series.revision,
      patches: series.patches.map(patch => ({
        index: patch.index,
        total: patch.total,
        messageId: patch.messageId,
        subject: patch.subject,
        files: patch.files.map(file => file.path),
      })),
      state: series.state,
      problem: series.problem ?? null,
    },
    base: { commit: report.base.commit, how: report.base.how },
    checks: report.checks,
    findings: report.findings.map(findingObject),
    runs: report.runs.map(runObject),
    ledger: report.ledger,
    matrix: report.matrix ?? [],
    notices: report.notices,
  };
  return JSON.stringify(object, null, 2) + '\n';
}

function findingObject(finding: Finding): object {
  return {
    rule: finding.rule,
    severity: finding.severity,
    message: finding.message,
    patch: finding.at.patch,
    path: finding.at.path,
    side: finding.at.side,
    line: finding.at.line,
    ...(finding.at.endLine === undefined ? {} : { endLine: finding.at.endLine }),
    symbol: finding.symbol ?? null,
    fingerprint: finding.fingerprint,
    fix: finding.fix ?? null,
    ...(finding.witness === undefined ? {} : { witness: finding.witness }),
    ...(finding.suppressed === undefined ? {} : { suppressed: finding.suppressed }),
  };
}

export function runObject(run: Run): object {
  return {
    target: run.target,
    kernel: run.kernel,
    accel: run.accel,
    steps: run.steps.map(step => ({
      name: step.name,
      outcome: step.outcome,
      seconds: Math.round(step.seconds * 1000) / 1000,
      cases: step.cases.map(one => ({ name: one.name, outcome: one.outcome, reason: one.reason ?? null })),
      reason: step.reason ?? null,
      // The whole log of what went well is of no use to a program; that of what did not is the evidence.
      log: step.outcome === 'pass' || step.outcome === 'skip' ? null : step.log,
    })),
  };
}
