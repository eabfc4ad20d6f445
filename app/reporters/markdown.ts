// SPDX-License-Identifier: MIT
// `--format markdown`: for a pull request or an issue. Every foreign word is inert.
import type { Finding, Report } from '../model/index.ts';
import { codeBlock, codeSpan, forMarkdown } from '../model/harmless.ts';
import { groupLedger, summarise } from './summary.ts';

export function renderMarkdown(report: Report): string {
  const base = report.base.commit
    ? `${codeSpan(report.base.commit.slice(0, 12))}, ${forMarkdown(report.base.how)}`
    : forMarkdown(report.base.how);
  const blocks = [
    `## Abide: ${report.verdict}`,
    `**${forMarkdown(report.series.title || '(no subject)')}** (revision ${report.series.revision})${report.base.commit ? ' on' : ', base:'} ${base || 'none'}\n\n${forMarkdown(report.because)}`,
    table(
      ['check', 'outcome', 'detail'],
      summarise(report).map(row => [row.check, row.outcome, forMarkdown(row.detail)]),
    ),
    ...report.findings.map(finding => findingBlock(finding)),
    report.ledger.length > 0
      ? table(
          ['base', 'patched', 'test', 'reason'],
          groupLedger(report.ledger).map(group => {
            const { base, patched, step } = group.entries[0]!;
            const names = group.entries.map(e => codeSpan(e.case ? `${step}: ${e.case}` : step));
            return [base, patched, names.join(', '), forMarkdown(group.reason)];
          }),
        )
      : '',
    ...failedLogs(report),
    ...report.notices.map(notice => `> ${forMarkdown(notice.message)}`),
  ];
  return blocks.filter(Boolean).join('\n\n') + '\n';
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const line = (cells: string[]): string => `| ${cells.map(cell => cell.replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function findingBlock(finding: Finding): string {
  const { patch, path, line } = finding.at;
  const where = path ? codeSpan(line > 0 ? `${path}:${line}` : path) : '';
  const title = [
    `### ${finding.severity}: ${forMarkdown(finding.rule)}`,
    where,
    patch > 0 ? `patch ${patch}` : 'series',
  ]
    .filter(Boolean)
    .join(', ');
  const message = finding.message.split('\n').map(forMarkdown).join('\n');
  const suppressed = finding.suppressed
    ? `\n\nSuppressed by ${forMarkdown(finding.suppressed.by)}: ${forMarkdown(finding.suppressed.reason)}`
    : '';
  return `${title}\n\n${message}${finding.witness ? `\n\n${codeBlock(finding.witness)}` : ''}${suppressed}`;
}

function failedLogs(report: Report): string[] {
  return report.runs.flatMap(run =>
    run.steps
      .filter(step => step.outcome === 'error' || (step.outcome === 'fail' && step.cases.length === 0))
      .map(
        step =>
          `<details><summary>${forMarkdown(step.name)} (${run.target}): ${step.outcome}</summary>\n\n${codeBlock(step.log.trimEnd().split('\n').slice(-40).join('\n'))}\n\n</details>`,
      ),
  );
}
