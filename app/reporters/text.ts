// SPDX-License-Identifier: MIT
// `--format text`: what a person reads in a terminal. The verdict first and last; evidence between.
import { createColors } from 'picocolors';
import type { Finding, LedgerEntry, Report, Step, Verdict } from '../model/index.ts';
import { forLine, forTerminal } from '../model/harmless.ts';
import { isBlamed } from '../model/ledger.ts';
import { checkOfFinding, checkOfStep } from '../model/steps.ts';
import { countCases, countsInWords, groupLedger, summarise, type LedgerGroup } from './summary.ts';
import { wrap } from './wrap.ts';

type Colors = ReturnType<typeof createColors>;

const LEDGER_WORDS: Record<LedgerEntry['kind'], string> = {
  broken: 'broken by the series',
  lost: 'no longer runs',
  'also-on-base': 'fails on base too: not the series',
  repaired: 'repaired by the series',
  new: 'new',
  unsteady: 'not so in a second run: counts for nothing',
};

export function renderText(report: Report, options: { color: boolean }): string {
  const c = createColors(options.color);
  const lines = [
    ...heading(report, c),
    ...checks(report, c),
    ...findings(report, c),
    ...tests(report, c),
    ...report.notices.flatMap(notice => ['', ...wrap(`${c.yellow('note')}  ${forLine(notice.message)}`, '  ')]),
    '',
    `${c.bold('Verdict')}: ${verdictWord(report.verdict, c)}, ${forLine(report.because)}`,
  ];
  return lines.join('\n') + '\n';
}

function verdictWord(verdict: Verdict, c: Colors): string {
  const color = { pass: c.green, warn: c.yellow, fail: c.red, error: c.magenta }[verdict];
  return color(c.bold(verdict));
}

function heading(report: Report, c: Colors): string[] {
  const { series } = report;
  const patches = `${series.patches.length} patch${series.patches.length === 1 ? '' : 'es'}`;
  const author = series.patches[0]?.author ?? series.cover?.from;
  const name = author?.name || author?.address;
  const base = report.base.commit ? `${report.base.commit.slice(0, 12)}, ${report.base.how}` : report.base.how;
  return [
    c.bold(forLine(series.title) || '(no subject)'),
    `  series  ${patches}, revision ${series.revision}${name ? `, by ${forLine(name)}` : ''}`,
    `  base    ${forLine(base || 'none')}`,
  ];
}

function checks(report: Report, c: Colors): string[] {
  const color = { pass: c.green, warn: c.yellow, fail: c.red, error: c.magenta, skip: c.dim };
  const rows = summarise(report).map(
    row => `  ${row.check.padEnd(7)} ${color[row.outcome](row.outcome.padEnd(5))}  ${forLine(row.detail)}`,
  );
  return rows.length > 0 ? ['', ...rows] : [];
}

function findings(report: Report, c: Colors): string[] {
  return report.findings.flatMap(finding => ['', ...oneFinding(finding, report, c)]);
}

function oneFinding(finding: Finding, report: Report, c: Colors): string[] {
  const color = { error: c.red, warning: c.yellow, info: c.cyan }[finding.severity];
  const { patch, path, line, side } = finding.at;
  const total = report.series.patches[0]?.total ?? report.series.patches.length;
  const where = [
    forLine(path) + (line > 0 ? `:${line}` : ''),
    ...(side === 'pre' ? ['(before the series)'] : []),
  ].filter(Boolean);
  const blamed = patch > 0 ? `patch ${patch}/${total}` : 'series';
  return [
    `${color(finding.severity)}  ${c.bold(finding.rule)}  ${where.join(' ')}  ${c.dim(`[${blamed}, ${finding.fingerprint}]`)}`,
    ...wrap(forTerminal(finding.message), '  '),
    ...(finding.witness
      ? forTerminal(finding.witness)
          .trimEnd()
          .split('\n')
          .map(text => c.dim(`  | ${text}`))
      : []),
    ...(finding.suppressed
      ? [`  suppressed by ${forLine(finding.suppressed.by)}: ${forLine(finding.suppressed.reason)}`]
      : []),
  ];
}

function tests(report: Report, c: Colors): string[] {
  const guests = report.runs.filter(run => run.kernel !== '-');
  if (guests.length === 0) return failedSteps(report, c);
  const lines = guests.map(run => {
    const steps = run.steps.filter(step => checkOfStep(step.name) === 'odp');
    const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
    return `  ${run.target.padEnd(8)} Linux ${forLine(run.kernel)}, ${run.accel}: ${countsInWords(countCases(steps))} in ${seconds.toFixed(1)} s`;
  });
  return [
    '',
    c.bold('Base against patched, on rxe'),
    ...lines,
    ...groupLedger(report.ledger).flatMap(group => ledgerLines(group, c)),
    ...failedSteps(report, c),
  ];
}

function ledgerLines(group: LedgerGroup, c: Colors): string[] {
  const [entry] = group.entries as [LedgerEntry];
  const many = group.entries.length > 1 ? `${group.entries.length} tests ` : '';
  const mark = isBlamed(entry) ? c.red('✗') : c.dim('·');
  const names = group.entries.map(one => forLine(one.case)).filter(Boolean);
  return [
    `  ${mark} ${entry.base} → ${entry.patched}  ${forLine(entry.step)}  ${c.dim(`(${many}${LEDGER_WORDS[entry.kind]})`)}`,
    ...(names.length > 0 ? wrap(names.join(', '), '      ') : []),
    ...(group.reason ? wrap(`“${forLine(group.reason)}”`, '      ') : []),
  ];
}

/** Whether a finding says already what a step failed on. */
function isTold(step: Step, report: Report): boolean {
  return report.findings.some(finding => checkOfFinding(finding.rule) === checkOfStep(step.name));
}

/** The words of steps that went wrong and of which no finding speaks. */
function failedSteps(report: Report, c: Colors): string[] {
  return report.runs.flatMap(run =>
    run.steps
      .filter(
        step =>
          step.outcome === 'error' || (step.outcome === 'fail' && step.cases.length === 0 && !isTold(step, report)),
      )
      .flatMap(step => [
        '',
        `${c.bold(step.name)} on ${run.target}: ${step.outcome}${step.reason ? `, ${forLine(step.reason)}` : ''}`,
        ...forTerminal(step.log)
          .trimEnd()
          .split('\n')
          .slice(-15)
          .filter(Boolean)
          .map(text => c.dim(`  | ${text}`)),
      ]),
  );
}
