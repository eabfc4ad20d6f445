// SPDX-License-Identifier: MIT
// The examples as the tests see them: what is expected of each, and a review of it through the command, as a person runs it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';
import { cacheDir, treeDir } from '../support/env.ts';

const root = resolve(import.meta.dirname, '../..');
export const examplesDir = join(root, 'examples');

const Found = z.strictObject({
  rule: z.string(),
  patch: z.int(),
  path: z.string(),
  symbol: z.string().nullable(),
  /** Found by the build alone, so not with `--checks rules,apply`. */
  check: z.literal('build').optional(),
});
const Outcome = { verdict: z.enum(['pass', 'warn', 'fail', 'error']), exit: z.int() };

const Expected = z.strictObject({
  series: z.strictObject({ title: z.string(), revision: z.int(), patches: z.int(), state: z.string() }),
  findings: z.array(Found),
  /** With `--checks rules,apply`. */
  fast: z.strictObject(Outcome),
  /** With `--checks rules,apply,build,odp`; `broken` holds at least these cases, or none where it is empty; `lost` exactly these. */
  full: z.strictObject({ ...Outcome, broken: z.array(z.string()), lost: z.array(z.string()) }),
});
export type Expected = z.infer<typeof Expected>;

const Report = z.object({
  schema: z.literal('abide/report@1'),
  verdict: z.string(),
  because: z.string(),
  series: z.object({
    title: z.string(),
    revision: z.int(),
    state: z.string(),
    patches: z.array(z.object({ files: z.array(z.string()) })),
  }),
  base: z.object({ commit: z.string(), how: z.string() }),
  findings: z.array(z.object({ rule: z.string(), patch: z.int(), path: z.string(), symbol: z.string().nullable() })),
  runs: z.array(
    z.object({ target: z.string(), steps: z.array(z.object({ name: z.string(), reason: z.string().nullable() })) }),
  ),
  ledger: z.array(z.object({ step: z.string(), case: z.string(), kind: z.string() })),
});
export type Report = z.infer<typeof Report>;

export const exampleNames: readonly string[] = readdirSync(examplesDir, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name)
  .toSorted();

export const mboxOf = (name: string): string => join(examplesDir, name, 'series.mbox');

export function expectedOf(name: string): Expected {
  return Expected.parse(JSON.parse(readFileSync(join(examplesDir, name, 'expected.json'), 'utf8')));
}

export interface Reviewed {
  readonly exit: number | undefined;
  readonly report: Report;
}

export async function reviewExample(name: string, checks: string): Promise<Reviewed> {
  const done = await execa(
    join(root, 'abide'),
    ['review', join(examplesDir, name), '--checks', checks, '--format', 'json'],
    {
      env: { ABIDE_CACHE: cacheDir, ABIDE_TREE: treeDir },
      stdin: 'ignore',
      reject: false,
    },
  );
  assert.notEqual(done.stdout, '', `abide review ${name} said nothing and ended with ${done.exitCode}: ${done.stderr}`);
  return { exit: done.exitCode, report: Report.parse(JSON.parse(done.stdout)) };
}

/** Series, verdict, exit status and findings, all at once, so that a failure shows the whole difference. */
export function compare(reviewed: Reviewed, expected: Expected, kind: 'fast' | 'full'): void {
  const { report } = reviewed;
  const findings = expected.findings.filter(one => kind === 'full' || one.check === undefined);
  const key = ({ rule, patch, path, symbol }: z.infer<typeof Found>): string =>
    JSON.stringify([patch, rule, path, symbol]);
  const got = {
    series: {
      title: report.series.title,
      revision: report.series.revision,
      patches: report.series.patches.length,
      state: report.series.state,
    },
    verdict: report.verdict,
    exit: reviewed.exit,
    findings: report.findings.map(key).toSorted(),
  };
  const wanted = {
    series: expected.series,
    verdict: expected[kind].verdict,
    exit: expected[kind].exit,
    findings: findings.map(key).toSorted(),
  };
  if (isDeepStrictEqual(got, wanted)) return;
  // What else the report says, so that a failure on somebody's machine can be understood from its log.
  const troubles = report.runs.flatMap(run =>
    run.steps.flatMap(step => (step.reason === null ? [] : [`${run.target} ${step.name}: ${step.reason}`])),
  );
  assert.deepEqual({ ...got, because: report.because, troubles }, wanted);
}

export const casesOf = (report: Report, kind: string): string[] =>
  report.ledger
    .filter(entry => entry.kind === kind)
    .map(entry => (entry.case === '' ? entry.step : `${entry.step}: ${entry.case}`))
    .toSorted();
