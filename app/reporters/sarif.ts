// SPDX-License-Identifier: MIT
// `--format sarif`: the findings as SARIF 2.1.0 (OASIS), for code scanning. Runs and ledger have no place in it beyond notifications.
import type { Finding, Report } from '../model/index.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const;

export function renderSarif(report: Report): string {
  const rules = [...new Set(report.findings.map(f => f.rule))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'abide', rules: rules.map(id => ({ id })) } },
        invocations: [
          {
            executionSuccessful: report.verdict !== 'error',
            toolExecutionNotifications: report.notices.map(n => ({
              level: 'note',
              message: { text: n.message },
              descriptor: { id: n.code },
            })),
          },
        ],
        results: report.findings.map(result),
        properties: { verdict: report.verdict, because: report.because, base: report.base.commit },
      },
    ],
  };
  return JSON.stringify(log, null, 2) + '\n';
}

/** A path is not a URI yet: `#` and `?` would end it. */
const uriOf = (path: string): string => path.toWellFormed().split('/').map(encodeURIComponent).join('/');

function result(finding: Finding): object {
  const { path, line, endLine, patch, side } = finding.at;
  const inTree = side === 'pre' || side === 'post';
  // A removed line has no place in the file as it will be: the region would point at an innocent line.
  const region = side === 'post' && line > 0 ? { region: { startLine: line, ...(endLine ? { endLine } : {}) } } : {};
  return {
    ruleId: finding.rule,
    level: LEVEL[finding.severity],
    message: { text: finding.message },
    partialFingerprints: { 'abide/v1': finding.fingerprint },
    ...(inTree && path
      ? { locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) }, ...region } }] }
      : {}),
    ...(finding.suppressed ? { suppressions: [{ kind: 'external', justification: finding.suppressed.reason }] } : {}),
    properties: { patch, side, line, symbol: finding.symbol ?? null },
  };
}
