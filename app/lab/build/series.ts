// SPDX-License-Identifier: MIT
// Each patch of a series in turn, on top of the kept base: only what the patch touches is built again. It writes to no cache but the
// payloads'. What fails here and not on the base is the author's.
import { join } from 'node:path';
import { AbideError } from '../../errors.ts';
import type { Finding } from '../../model/change.ts';
import type { Base } from '../../model/report.ts';
import type { Step } from '../../model/run.ts';
import type { Patch, Series } from '../../model/series.ts';
import { countByKey, diagnosticKey, newWarnings, readOutput } from '../warnings.ts';
import type { Diagnostic, Warnings } from '../warnings.ts';
import { prepareBase, stageOptions, step } from './base.ts';
import type { BuildOptions, Built } from './base.ts';
import { openCache, scratch } from './cache.ts';
import type { Cache } from './cache.ts';
import { addedWarning, brokenPatch, brokenUsers, limitMet, strangeLayout, words } from './findings.ts';
import { keepPayload, readPayload } from './payload.ts';
import { copySources, exportCommit, moveTo, writeReadable } from './source.ts';
import { runStage, STATUS } from './stage.ts';
import type { StageResult } from './stage.ts';

export interface SeriesBuild {
  readonly steps: Step[];
  readonly findings: Finding[];
  readonly built?: Built;
}

interface Progress {
  readonly cache: Cache;
  readonly options: BuildOptions;
  readonly series: Series;
  readonly source: string;
  /** Rewritten after each patch. */
  readonly state: string;
  readonly nativeCheck: string;
  readonly steps: Step[];
  readonly findings: Finding[];
}

/** @throws AbideError base-build-failed, interrupted, sandbox-failed, git-failed */
export async function buildPatches(
  applied: { base: Base; commits: readonly string[] },
  series: Series,
  options: BuildOptions,
): Promise<SeriesBuild> {
  const base = await prepareBase(applied.base.commit, options);
  if (base.ground === undefined) {
    const last = base.steps.at(-1);
    const hint = 'look at the log of the step in `abide run`, and review with --base REV where that one builds';
    throw new AbideError('base-build-failed', last?.reason ?? 'the base does not build', { hint });
  }
  const cache = await openCache(options.cache);
  await using temporary = await scratch(cache);
  const source = join(temporary.dir, 'src');
  await exportCommit(options.gitDir, applied.base.commit, source);
  const steps: Step[] = [];
  const findings: Finding[] = [];
  const progress: Progress = {
    cache,
    options,
    series,
    source,
    state: join(temporary.dir, 'state.tar'),
    nativeCheck: join(temporary.dir, 'native-check'),
    steps,
    findings,
  };
  if (!(await eachPatch(applied, base.ground, progress))) return { steps, findings };
  const commit = applied.commits.at(-1) ?? applied.base.commit;
  const payload = await pack(progress, base.ground.nativeCheck);
  return { steps, findings, ...(payload === undefined ? {} : { built: { commit, payload } }) };
}

/** True where the tip builds. */
async function eachPatch(
  applied: { base: Base; commits: readonly string[] },
  ground: { state: string; warnings: Warnings },
  progress: Progress,
): Promise<boolean> {
  const { series, options, steps, findings } = progress;
  const total = applied.commits.length;
  let from = applied.base.commit;
  let state = ground.state;
  let current = ground.warnings;
  let broken: { errors: Set<string>; patch: number } | undefined;
  const added: { patch: Patch; warning: Diagnostic }[] = [];
  let renamed = new Map<string, string>();
  for (const [index, commit] of applied.commits.entries()) {
    const patch = series.patches[index];
    if (patch === undefined) throw new AbideError('git-failed', 'more commits than patches');
    const label = `build ${index + 1}/${total}`;
    options.onProgress?.(label);
    const gone = new Set(await moveTo(options.gitDir, progress.source, { from, to: commit }));
    from = commit;
    const common = await stageOptions(progress.cache, options, { write: false, label });
    const result = await runStage({ ...common, name: 'build', source: progress.source, state });
    if (result.outcome !== 'exited') {
      findings.push(limitMet(patch, result.outcome, result.output));
      steps.push(step(label, 'fail', result.seconds, result.log, `the build ${words(result.outcome)}`));
      for (let rest = index + 2; rest <= total; rest++) {
        steps.push(step(`build ${rest}/${total}`, 'skip', 0, '', `not tried after ${label}`));
      }
      return false;
    }
    const output = readOutput(result.output);
    broken = judgePatch(patch, { result, errors: output.errors, label, before: broken, progress });
    const moved = renames(patch);
    renamed = compose(renamed, moved);
    const after: Warnings = new Map([...without(current, gone), ...output.warnings]);
    const wrote = (path: string, line: number): boolean => writes(patch, path, line);
    for (const warning of newWarnings({ before: current, after, renamed: moved, wrote }))
      added.push({ patch, warning });
    current = after;
    state = progress.state;
    await writeReadable(state, result.bytes);
  }
  findings.push(...remaining(added, { base: countByKey(ground.warnings, renamed), tip: countByKey(current) }));
  return broken === undefined;
}

interface Judging {
  readonly result: StageResult;
  readonly errors: readonly Diagnostic[];
  readonly label: string;
  readonly before: { errors: Set<string>; patch: number } | undefined;
  readonly progress: Progress;
}

/** A patch that only inherits the errors of an earlier one is not blamed again. */
function judgePatch(patch: Patch, { result, errors, label, before, progress }: Judging): Judging['before'] {
  if (result.status === 0) {
    progress.steps.push(step(label, 'pass', result.seconds, result.log));
    return undefined;
  }
  const keys = new Set(errors.map(error => diagnosticKey(error)));
  const inherited = before !== undefined && [...keys].every(key => before.errors.has(key));
  const blamed = inherited ? before.patch : patch.index;
  if (!inherited) progress.findings.push(brokenPatch(patch, { errors, output: result.output }));
  const reason = inherited ? `still broken by patch ${blamed}` : 'the patch does not build';
  progress.steps.push(step(label, 'fail', result.seconds, result.log, reason));
  return { errors: keys, patch: blamed };
}

/** What a later patch of the series takes away again was never added by the series. */
function remaining(
  added: readonly { patch: Patch; warning: Diagnostic }[],
  { base, tip }: { base: ReadonlyMap<string, number>; tip: ReadonlyMap<string, number> },
): Finding[] {
  const found = new Map<string, Finding>();
  const used = new Map<string, number>();
  for (const { patch, warning } of added) {
    const key = diagnosticKey(warning);
    const count = (used.get(key) ?? 0) + 1;
    if (count > (tip.get(key) ?? 0) - (base.get(key) ?? 0)) continue;
    used.set(key, count);
    const finding = addedWarning(patch, warning);
    if (!found.has(finding.fingerprint)) found.set(finding.fingerprint, finding);
  }
  return [...found.values()];
}

/** The tip's payload, or undefined with the reason in a step and, where the base does better, a finding. */
async function pack(progress: Progress, baseHasNativeCheck: boolean): Promise<string | undefined> {
  const { options, series, steps, findings } = progress;
  const label = 'build native-check';
  const common = await stageOptions(progress.cache, options, { write: false, label });
  const place = { source: progress.source, state: progress.state, nativeCheck: progress.nativeCheck };
  await copySources(options.nativeCheckDir, progress.nativeCheck);
  const result = await runStage({ ...common, name: 'payload', ...place });
  const fails = (reason: string): undefined => {
    steps.push(step(label, 'fail', result.seconds, result.log, reason));
  };
  if (result.status === STATUS.nativeCheck && baseHasNativeCheck) {
    const { errors } = readOutput(result.output);
    findings.push(brokenUsers(series, { errors, output: result.output }));
    return fails('native-check builds against the base and not against the series');
  }
  if (result.status === STATUS.layout) {
    findings.push(strangeLayout(series, result.log.trim().split('\n').at(-1) ?? ''));
    return fails('what the series builds cannot be taken to a guest');
  }
  if (result.status !== 0 && result.status !== STATUS.nativeCheck) {
    // Nothing of the series runs here but through our own gcc and strip: killed, late or full is the machine's.
    const why = result.outcome === 'exited' ? `ended with status ${String(result.status)}` : words(result.outcome);
    steps.push(step(label, 'error', result.seconds, result.log, `packing the payload ${why}`));
    return undefined;
  }
  try {
    const payload = await keepPayload(readPayload(result.bytes), progress.cache.payloads);
    const lacking =
      result.status === 0 ? undefined : 'native-check builds neither against the base nor against the series';
    steps.push(step(label, lacking === undefined ? 'pass' : 'error', result.seconds, result.log, lacking));
    return payload;
  } catch (cause) {
    if (!(cause instanceof Error) || 'code' in cause) throw cause;
    findings.push(strangeLayout(series, cause.message));
    return fails(`what the series builds was refused: ${cause.message}`);
  }
}

/** Warnings of files that are no longer there have no edge that could take them back. */
function without(warnings: Warnings, gone: ReadonlySet<string>): Warnings {
  return new Map([...warnings].map(([edge, list]) => [edge, list.filter(one => !gone.has(one.path ?? ''))]));
}

function renames(patch: Patch): Map<string, string> {
  const moved = patch.files.filter(file => file.change === 'rename' && file.oldPath !== undefined);
  return new Map(moved.map(file => [file.oldPath ?? '', file.path]));
}

function compose(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): Map<string, string> {
  const all = new Map(second);
  for (const [old, now] of first) all.set(old, second.get(now) ?? now);
  return all;
}

function writes(patch: Patch, path: string, line: number): boolean {
  const file = patch.files.find(one => one.path === path);
  return file?.hunks.some(hunk => hunk.lines.some(one => one.kind === 'add' && one.new === line)) === true;
}
