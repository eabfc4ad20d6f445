// SPDX-License-Identifier: MIT
// A series on its base: one commit a patch, or the problem with the first that does not land. Same series and base, same commit ids.
import { AbideError } from '../errors.ts';
import { forLine } from '../model/harmless.ts';
import type { Base } from '../model/report.ts';
import type { Case, Outcome, Step } from '../model/run.ts';
import type { Series } from '../model/series.ts';
import { land, type Landing, type Way } from './am.ts';
import type { CatFile } from './cat-file.ts';
import { imageIds } from './pre-images.ts';
import { LACKS, explain, type Fault, type Problem } from './problem.ts';
import { diskFull, type Store } from './store.ts';
import { clean } from './words.ts';

export interface Applied {
  readonly base: Base;
  /** One a patch that landed, in their order. A patch that the base has already, or that has no diff, is a commit that changes nothing. */
  readonly commits: string[];
  /** The last of them; the base's where there is none. */
  readonly tip: string;
  /** Every patch landed, and there was one. */
  readonly complete: boolean;
  readonly step: Step;
  readonly problem?: Problem;
}

const REASONS: Readonly<Record<Way, string | undefined>> = {
  clean: undefined,
  raw: 'as it was before format=flowed was undone',
  merged: 'by a three-way merge',
  already: 'the base has it already',
  empty: 'it has no diff',
};

const OUTCOMES: Readonly<Record<Fault, Outcome>> = { series: 'fail', tree: 'error', machine: 'error' };

/** Throws only where git cannot be started at all. */
export async function apply(store: Store, ask: CatFile, series: Series, base: Base): Promise<Applied> {
  const began = performance.now();
  const commits: Landing['commits'] = [];
  const problem = await attempt(store, ask, { series, base, commits });
  const outcomeOf = (index: number): Case => {
    const patch = series.patches[index]!;
    const name = forLine(`${patch.index}/${patch.total} ${patch.subject}`);
    const landed = commits[index];
    if (landed !== undefined) {
      const reason = REASONS[landed.way];
      const idle = landed.way === 'already' || landed.way === 'empty';
      return { name, outcome: idle ? 'skip' : 'pass', ...(reason === undefined ? {} : { reason }) };
    }
    if (problem !== undefined && index === commits.length) {
      return { name, outcome: OUTCOMES[problem.fault], reason: problem.message };
    }
    return { name, outcome: 'skip', reason: 'a patch before it did not apply' };
  };
  const cases = series.patches.map((_, index) => outcomeOf(index));
  const reason = problem?.message ?? idleReason(series, cases);
  return {
    base,
    commits: commits.map(one => one.commit),
    tip: commits.at(-1)?.commit ?? base.commit,
    complete: problem === undefined && series.patches.length > 0,
    step: {
      name: 'apply',
      outcome: problem !== undefined ? OUTCOMES[problem.fault] : reason !== undefined ? 'skip' : 'pass',
      seconds: (performance.now() - began) / 1000,
      cases,
      log: cases
        .map(one => `${one.outcome} ${one.name}${one.reason === undefined ? '' : `: ${one.reason}`}\n`)
        .join(''),
      ...(reason === undefined ? {} : { reason }),
    },
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Why there is nothing to judge though nothing failed. */
function idleReason(series: Series, cases: readonly Case[]): string | undefined {
  if (series.patches.length === 0) return 'the series has no patch, so there is nothing to apply';
  if (cases.some(one => one.outcome === 'pass')) return undefined;
  if (cases.every(one => one.reason === REASONS.already)) return 'the base has every patch of the series already';
  return 'no patch of the series changes anything';
}

async function attempt(
  store: Store,
  ask: CatFile,
  job: { series: Series; base: Base; commits: Landing['commits'] },
): Promise<Problem | undefined> {
  const { series, base, commits } = job;
  if (series.patches.length === 0) return undefined;
  if (base.commit === '') return { patch: 1, fault: 'tree', message: base.how };
  try {
    const images = await imageIds(ask, series);
    const { refused } = await land(store, series.patches, { base: base.commit, commits, images });
    return refused && (await explain(refused, { ask, series, base, secrets: store.secrets }));
  } catch (error) {
    const ours = diskFull(error) ?? error;
    if (!(ours instanceof AbideError) || (ours.code !== 'git-failed' && ours.code !== 'disk-full')) throw error;
    const lacks =
      LACKS.test(ours.message) || (await ask.info(`${base.commit}^{tree}`).catch(() => undefined)) === undefined;
    const message = clean(ours.message, store.secrets);
    return { patch: commits.length + 1, fault: lacks && ours.code !== 'disk-full' ? 'tree' : 'machine', message };
  }
}
