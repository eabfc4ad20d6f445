// SPDX-License-Identifier: MIT
// The one-way flow for one series: base → apply → rules → build → guests → verdict. Knows the order, and no tool by name.
import { fingerprint } from './review/fingerprint.ts';
import { judge, suppressionNotices, type Rule } from './review/index.ts';
import { contextPaths } from '../rules/index.ts';
import { confirm, ledger, needsConfirming } from './model/ledger.ts';
import { decide } from './model/verdict.ts';
import type {
  Base,
  Change,
  Check,
  Finding,
  LedgerEntry,
  Notice,
  Report,
  Run,
  Series,
  Step,
  Target,
} from './model/index.ts';
import type { Applied, Tree } from './trees/index.ts';
import type { Built } from './lab/build.ts';

/** What a lab can do for the pipeline; main.ts binds it to this machine. */
export interface Lab {
  buildBase(commit: string): Promise<{ steps: Step[]; built?: Built }>;
  buildSeries(applied: Applied, series: Series): Promise<{ steps: Step[]; findings: Finding[]; built?: Built }>;
  /** Runs the plan of the `odp` check on one payload, in a guest of its own. */
  runGuest(payload: string): Promise<GuestResult>;
}

export interface GuestResult {
  kernel: string;
  accel: string;
  steps: Step[];
}

export interface ReviewRequest {
  readonly series: Series;
  readonly tree: Tree;
  readonly baseRev?: string | undefined;
  readonly checks: readonly Check[];
  readonly rules: readonly Rule[];
  readonly lab: Lab;
  readonly notices?: readonly Notice[];
  readonly onProgress?: (line: string) => void;
}

interface Evidence {
  base: Base;
  findings: Finding[];
  notices: Notice[];
  patched: Step[];
  baseSteps: Step[];
  guests: Partial<Guests>;
  ledger: LedgerEntry[];
  trouble?: string;
}

export async function review(request: ReviewRequest): Promise<Report> {
  const evidence: Evidence = {
    base: { commit: '', how: 'not looked for' },
    findings: [],
    notices: [...(request.notices ?? []), ...suppressionNotices(request.series)],
    patched: [],
    baseSteps: [],
    guests: {},
    ledger: [],
  };
  if (request.series.state === 'complete') await gather(request, evidence);
  return conclude(request, evidence);
}

async function gather(request: ReviewRequest, evidence: Evidence): Promise<void> {
  const { series, tree, checks } = request;
  const progress = request.onProgress ?? (() => {});
  evidence.base = await tree.findBase(series, request.baseRev);
  let applied: Applied | undefined;
  if (evidence.base.commit) {
    progress(`applying ${series.patches.length} on ${evidence.base.commit.slice(0, 12)}`);
    applied = await tree.apply(series, evidence.base);
    evidence.patched.push(applied.step);
    if (applied.problem) blameForApply(applied, series, evidence);
  } else {
    evidence.trouble = `no base to apply the series to: ${evidence.base.how}`;
  }
  if (checks.includes('rules')) {
    progress('judging');
    const change = await loadChange(request, applied);
    if (change) evidence.findings.push(...judge(change, request.rules));
    else
      evidence.notices.push({
        code: 'rules-not-run',
        message:
          'the rules were not run: the series could not be applied, nor could what it changes be read from the tree without applying it',
      });
  }
  if (!applied?.complete) return;
  if (checks.includes('build') || checks.includes('odp')) await build(request, applied, evidence, progress);
}

function loadChange(request: ReviewRequest, applied: Applied | undefined): Promise<Change | undefined> {
  const context = contextPaths(request.rules);
  return applied?.complete
    ? request.tree.loadChange(request.series, applied, context)
    : request.tree.loadChangeFromBlobs(request.series, context);
}

/** A patch that does not apply is the author's only where the tree has what it was made against. */
function blameForApply(applied: Applied, series: Series, evidence: Evidence): void {
  const problem = applied.problem!;
  const subject = series.patches[problem.patch - 1]?.subject ?? '';
  if (problem.fault !== 'series') {
    evidence.trouble = `patch ${problem.patch}/${series.patches.length} could not be applied: ${problem.message}`;
    return;
  }
  const path = problem.path ?? series.patches[problem.patch - 1]?.files[0]?.path ?? '';
  evidence.findings.push({
    rule: 'does-not-apply',
    severity: 'error',
    message: `Patch ${problem.patch}/${series.patches.length} ("${subject}") does not apply to ${evidence.base.commit.slice(0, 12)}. ${problem.message}\nRebase the series, and send it as git format-patch and git send-email make it.`,
    at: { patch: problem.patch, path, side: 'pre', line: problem.line ?? 0 },
    fingerprint: fingerprint({ rule: 'does-not-apply', path, symbol: subject }),
    ...(problem.hunk ? { witness: problem.hunk } : {}),
  });
}

async function build(
  request: ReviewRequest,
  applied: Applied,
  evidence: Evidence,
  progress: (line: string) => void,
): Promise<void> {
  const { lab, series, checks } = request;
  progress('building the base');
  const base = await retried(() => lab.buildBase(applied.base.commit), evidence, 'the build of the base');
  evidence.baseSteps.push(...base.steps);
  if (!base.built) evidence.trouble = 'the base itself does not build here, so nothing can be said of the series';
  if (!base.built || isBroken(base.steps)) return;
  progress('building the series');
  const patched = await retried(() => lab.buildSeries(applied, series), evidence, 'the build of the series');
  evidence.patched.push(...patched.steps);
  if (checks.includes('build')) evidence.findings.push(...patched.findings);
  if (isBroken(patched.steps)) return;
  if (!patched.built || !checks.includes('odp')) {
    if (!patched.built && checks.includes('odp'))
      evidence.notices.push({
        code: 'odp-not-reached',
        message: 'the ODP tests were not run: the series does not build',
      });
    if (!patched.built && !checks.includes('build')) evidence.findings.push(...patched.findings);
    return;
  }
  const payloads = { base: base.built.payload, patched: patched.built.payload };
  progress('running base and patched, each in a guest of its own');
  const guests = await runBoth(lab, payloads, evidence);
  evidence.guests = guests;
  const first = compare(guests);
  if (!first.some(needsConfirming)) {
    evidence.ledger = first;
    return;
  }
  // A race in the kernel, or a busy host, is not the author's: blame needs a second run that says the same.
  progress('running base and patched again, to be sure');
  evidence.ledger = confirm(first, compare(await runBoth(lab, payloads, evidence)));
}

type Guests = Record<Target, GuestResult>;

async function runBoth(lab: Lab, payloads: Record<Target, string>, evidence: Evidence): Promise<Guests> {
  const [base, patched] = await Promise.all([
    retried(() => lab.runGuest(payloads.base), evidence, 'the guest of the base'),
    retried(() => lab.runGuest(payloads.patched), evidence, 'the guest of the series'),
  ]);
  return { base, patched };
}

const compare = (guests: Guests): LedgerEntry[] =>
  ledger({ target: 'base', ...guests.base }, { target: 'patched', ...guests.patched });

const isBroken = (steps: readonly Step[]): boolean => steps.some(step => step.outcome === 'error');

/** A fault of the machine may be chance: once more, and said so. */
async function retried<T extends { steps: Step[] }>(
  work: () => Promise<T>,
  evidence: Evidence,
  what: string,
): Promise<T> {
  const first = await work();
  const broken = first.steps.find(step => step.outcome === 'error');
  if (!broken) return first;
  evidence.notices.push({
    code: 'retried',
    message: `${what} was run twice: the first time ${broken.name} ended in an error (${broken.reason ?? 'no reason given'})`,
  });
  return work();
}

function conclude(request: ReviewRequest, evidence: Evidence): Report {
  const runs: Run[] = (['base', 'patched'] as const).flatMap(target => {
    const guest = evidence.guests[target];
    const steps = [...(target === 'base' ? evidence.baseSteps : evidence.patched), ...(guest?.steps ?? [])];
    return steps.length > 0 ? [{ target, kernel: guest?.kernel ?? '-', accel: guest?.accel ?? '-', steps }] : [];
  });
  const decision = decide({ ...evidence, series: request.series, runs });
  return {
    ...decision,
    series: request.series,
    base: evidence.base,
    checks: request.checks,
    findings: sorted(evidence.findings),
    runs,
    ledger: evidence.ledger,
    notices: evidence.notices,
  };
}

const RANK = { error: 0, warning: 1, info: 2 };

/** Worst first, then in the order in which the series is read. */
function sorted(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      a.at.patch - b.at.patch ||
      a.at.path.localeCompare(b.at.path, 'en') ||
      a.at.line - b.at.line,
  );
}
