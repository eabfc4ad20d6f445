// SPDX-License-Identifier: MIT
// The engine: shows each rule its view of a change and makes findings of what it reports. Pure and deterministic.
import type { Change, ChangedFile, Finding, Severity } from '../model/change.ts';
import { blame } from './blame.ts';
import { fingerprint } from './fingerprint.ts';
import type { Report, Rule, View } from './rule.ts';
import { readSuppressions, suppress } from './suppress.ts';

/** Every finding of every rule, by patch, path and line. A rule that throws is a bug, and is named. */
export function judge(change: Change, rules: readonly Rule[]): Finding[] {
  const findings = rules.flatMap(rule => judgeOne(change, rule));
  findings.sort(
    (a, b) =>
      a.at.patch - b.at.patch ||
      compareText(a.at.path, b.at.path) ||
      a.at.line - b.at.line ||
      compareText(a.rule, b.rule),
  );
  return suppress(findings, readSuppressions(change.series));
}

function judgeOne(change: Change, rule: Rule): Finding[] {
  const found = new Map<string, Finding>();
  for (const view of views(change, rule)) {
    try {
      rule.check(view, what => {
        const finding = toFinding(rule, view, what);
        // One fingerprint is one finding: the first place is the one to show.
        if (!found.has(finding.fingerprint)) found.set(finding.fingerprint, finding);
      });
    } catch (cause) {
      throw new Error(`the rule ${rule.name} threw on a change it should have judged`, { cause });
    }
  }
  return [...found.values()];
}

function views(change: Change, rule: Rule): View[] {
  const { series, released } = change;
  const context = contextOf(change, rule);
  const shared = { series, context, ...(released === undefined ? {} : { released }) };
  const steps =
    rule.meta.scope === 'series' ? [{ patch: 0, files: change.files }] : change.patches.map(step => ({ ...step }));
  return steps
    .map(({ patch, files }) => ({ ...shared, patch, files: files.filter(file => isSeen(rule, file)) }))
    .filter(view => view.files.length > 0);
}

/** What a rule asks for beside the files it reads, at the tip: the series may touch it, too. */
function contextOf({ context, files }: Change, { meta }: Rule): Change['context'] {
  const touched = files.filter(file => meta.context?.includes(file.path) && file.post !== undefined);
  return touched.length === 0
    ? context
    : new Map([...context, ...touched.map(file => [file.path, file.post ?? ''] as const)]);
}

/** Whether a rule looks at this file of a change; a caller that loads files may skip those that no rule sees. */
export function isSeen(rule: Rule, file: Pick<ChangedFile, 'path' | 'diff'>): boolean {
  const { reads, wakes } = rule.meta;
  if (!reads(file.path) && !(file.diff.oldPath !== undefined && reads(file.diff.oldPath))) return false;
  if (wakes === undefined) return true;
  return file.diff.hunks.some(hunk => hunk.lines.some(line => line.kind !== 'context' && wakes.test(line.text)));
}

function toFinding(rule: Rule, view: View, what: Report): Finding {
  const { side, line, endLine, symbol, witness } = what;
  // A line of the base stands in the file under its old name.
  const file = side === 'pre' ? view.files.find(each => each.path === what.path) : undefined;
  const path = file?.diff.oldPath ?? what.path;
  const patch =
    view.patch !== 0
      ? view.patch
      : side === 'pre' || side === 'post'
        ? blame(view.series.patches, { path, side, line })
        : 0;
  return {
    rule: rule.name,
    severity: severityOf(rule, what.message),
    message: words(rule, what),
    at: { patch, path, side, line, ...(endLine === undefined ? {} : { endLine }) },
    ...(symbol === undefined ? {} : { symbol }),
    fingerprint: fingerprint({ rule: rule.name, path, symbol }),
    ...(witness === undefined ? {} : { witness }),
  };
}

/** The severity of one of a rule's messages. */
export const severityOf = ({ meta }: Rule, message: string): Severity => meta.milder?.[message] ?? meta.severity;

/** The message with its data filled in. An unknown message or name is a bug of the rule. */
export function words(rule: Rule, what: Pick<Report, 'message' | 'data'>): string {
  const template = rule.meta.messages[what.message];
  if (template === undefined) throw new Error(`${rule.name} has no message ${what.message}`);
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = what.data?.[name];
    if (value === undefined) throw new Error(`${rule.name}: message ${what.message} needs data for {${name}}`);
    return value;
  });
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
