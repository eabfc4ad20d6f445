// SPDX-License-Identifier: MIT
// The base: configured and built once a commit and toolchain, kept, and given to every series on it. What fails here is never the
// author's, and is not kept.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Step } from '../../model/run.ts';
import type { Limits } from '../sandbox.ts';
import { readOutput } from '../warnings.ts';
import type { Diagnostic, Warnings } from '../warnings.ts';
import { exists, keepPayload, readPayload } from './payload.ts';
import { openCache, pruneCache, publish, scratch, touch } from './cache.ts';
import type { Cache } from './cache.ts';
import { words } from './findings.ts';
import { copySources, exportCommit, writeReadable } from './source.ts';
import { RECIPE, runStage, STATUS } from './stage.ts';
import type { Stage, StageResult } from './stage.ts';
import { digestOf, toolchain } from './toolchain.ts';

export interface BuildOptions {
  /** A repository that holds the commits; only read. */
  readonly gitDir: string;
  readonly cache: string;
  /** The folder of native-check's sources. */
  readonly nativeCheckDir: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
  readonly limits?: Partial<Limits>;
}

export interface Built {
  readonly commit: string;
  /** A folder laid out as it must be in the guest's root: usr/local/lib/libibverbs.so.1 and so on. */
  readonly payload: string;
}

export interface BaseBuild {
  readonly steps: Step[];
  readonly built?: Built;
  /** For builds on top of it. */
  readonly ground?: { readonly state: string; readonly warnings: Warnings; readonly nativeCheck: boolean };
}

const diagnostic = z.object({
  kind: z.enum(['error', 'warning']),
  path: z.string().optional(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  option: z.string(),
  symbol: z.string(),
});
const notes = z.object({ seconds: z.number(), warnings: z.array(z.tuple([z.string(), z.array(diagnostic)])) });
const packed = z.object({ payload: z.string(), nativeCheck: z.boolean(), log: z.string() });

export async function prepareBase(commit: string, options: BuildOptions): Promise<BaseBuild> {
  const cache = await openCache(options.cache);
  const tools = await toolchain();
  const key = createHash('sha256').update(`${tools.digest}\n${RECIPE}\n${commit}`).digest('hex').slice(0, 32);
  const dir = join(cache.bases, key);
  const steps: Step[] = [];
  if (await exists(dir)) await touch(dir);
  else if (!(await make(commit, dir, { cache, options, steps }))) return { steps };
  const { seconds, warnings } = notes.parse(JSON.parse(await readFile(join(dir, 'notes.json'), 'utf8')));
  if (steps.length === 0) {
    steps.push(step('build base', 'pass', 0, `kept from an earlier build, which took ${seconds.toFixed(0)} s`));
  }
  const state = join(dir, 'state.tar');
  const done = await pack(dir, { cache, options, state });
  steps.push(done.step);
  const kept: Warnings = new Map(warnings.map(([edge, list]) => [edge, list as Diagnostic[]]));
  const ground = { state, warnings: kept, nativeCheck: done.nativeCheck };
  return { steps, ...(done.payload === '' ? {} : { built: { commit, payload: done.payload } }), ground };
}

interface Making {
  readonly cache: Cache;
  readonly options: BuildOptions;
  readonly steps: Step[];
}

/** Configures and builds into `dir`; false where that fails, with the reason in the last step. */
async function make(commit: string, dir: string, { cache, options, steps }: Making): Promise<boolean> {
  await using temporary = await scratch(cache);
  const source = join(temporary.dir, 'src');
  const state = join(temporary.dir, 'state.tar');
  await exportCommit(options.gitDir, commit, source);
  const common = await stageOptions(cache, options, { write: true, label: 'build base' });

  options.onProgress?.('configure');
  const configured = await runStage({ ...common, name: 'configure', source });
  steps.push(judged('configure', configured));
  if (configured.status !== 0) return false;
  await writeReadable(state, configured.bytes);
  const built = await runStage({ ...common, name: 'build', source, state });
  steps.push(judged('build base', built));
  if (built.status !== 0) return false;

  const fresh = join(temporary.dir, 'base');
  await mkdir(fresh);
  await writeReadable(join(fresh, 'state.tar'), built.bytes);
  const warnings = [...readOutput(built.output).warnings].filter(([, list]) => list.length > 0);
  const seconds = configured.seconds + built.seconds;
  await writeFile(join(fresh, 'notes.json'), JSON.stringify({ commit, seconds, warnings }));
  await publish(fresh, dir);
  await pruneCache(cache);
  return true;
}

/** The payload of a base, kept beside it for as long as native-check stays as it is. */
async function pack(dir: string, { cache, options, state }: { cache: Cache; options: BuildOptions; state: string }) {
  const file = join(dir, `payload-${(await digestOf(options.nativeCheckDir)).slice(0, 16)}.json`);
  const kept = await readFile(file, 'utf8').then(
    text => packed.parse(JSON.parse(text)),
    () => undefined,
  );
  if (kept !== undefined && (await exists(kept.payload))) {
    await touch(kept.payload);
    return { step: step('build native-check', 'pass', 0, kept.log), ...kept };
  }
  await using temporary = await scratch(cache);
  // The headers in /build are links into the tree.
  const source = join(temporary.dir, 'src');
  const commit = z
    .object({ commit: z.string() })
    .parse(JSON.parse(await readFile(join(dir, 'notes.json'), 'utf8'))).commit;
  await exportCommit(options.gitDir, commit, source);
  const common = await stageOptions(cache, options, { write: true, label: 'build native-check' });
  const nativeCheckDir = join(temporary.dir, 'native-check');
  await copySources(options.nativeCheckDir, nativeCheckDir);
  const result = await runStage({ ...common, name: 'payload', source, state, nativeCheck: nativeCheckDir });
  const nativeCheck = result.status === 0;
  if (!nativeCheck && result.status !== STATUS.nativeCheck) {
    return { step: judged('build native-check', result), payload: '', nativeCheck };
  }
  const payload = await keepPayload(readPayload(result.bytes), cache.payloads);
  if (nativeCheck) await writeFile(file, JSON.stringify({ payload, nativeCheck, log: result.log }));
  return { step: judged('build native-check', result), payload, nativeCheck };
}

/** What every stage of one caller has in common. */
export async function stageOptions(
  cache: Cache,
  options: BuildOptions,
  { write, label }: { write: boolean; label: string },
): Promise<Partial<Stage>> {
  const ccache = (await toolchain()).ccache ? { ccache: { dir: cache.ccache, write } } : {};
  return {
    ...ccache,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onCount: count => options.onProgress?.(`${label} ${count}`),
  };
}

export function step(name: string, outcome: Step['outcome'], seconds: number, log: string, reason?: string): Step {
  return { name, outcome, seconds, cases: [], log, ...(reason === undefined ? {} : { reason }) };
}

/** A stage of the base: what does not pass is an error of ours or of the tree, never a fail. */
function judged(name: string, result: StageResult): Step {
  if (result.status === 0) return step(name, 'pass', result.seconds, result.log);
  const status = result.status === undefined ? '' : ` (status ${result.status})`;
  return step(name, 'error', result.seconds, result.log, `${name} of the base ${words(result.outcome)}${status}`);
}
