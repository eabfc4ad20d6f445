// SPDX-License-Identifier: MIT
// Which branch a series is for, and which of its commits were its tip at a date. Reads the private store only.
import type { Series } from '../model/series.ts';
import type { CatFile } from './cat-file.ts';
import type { Foreign } from './foreign.ts';
import { gitText, type Place } from './git.ts';
import { clean } from './words.ts';

export interface Branch {
  /** As a person names it. */
  readonly name: string;
  readonly tip: string;
  /** What must be said of the choice: a branch that the subject names and the tree lacks. */
  readonly note?: string;
}

const WORDS = /^(?:patch|rfc|resend|repost|rdma-core|rdma|libibverbs)$/i;

/** The branch that a prefix names (`[PATCH stable-v43]`), else `wanted`, else HEAD, master, main. undefined where the tree has none of them. */
export async function branchFor(
  ask: CatFile,
  foreign: Foreign,
  options: { readonly series: Pick<Series, 'prefixes'>; readonly wanted?: string | undefined },
): Promise<Branch | undefined> {
  const words = options.series.prefixes.flatMap(prefix => prefix.split(/[\s,]+/)).filter(word => !WORDS.test(word));
  for (const word of words) {
    const named = await find(ask, foreign, word);
    if (named !== undefined) return named;
  }
  const head = /^ref: refs\/heads\/(.+)$/.exec(foreign.head)?.[1];
  const lost = words.find(word => /^stable\b/.test(word));
  const note = lost === undefined ? {} : { note: `the tree has no branch ${clean(lost)}` };
  for (const name of [options.wanted, head, 'master', 'main']) {
    const found = name === undefined ? undefined : await find(ask, foreign, name);
    if (found !== undefined) return { ...found, ...note };
  }
  const detached = await ask.info('HEAD^{commit}');
  return detached && { name: 'HEAD', tip: detached.id, ...note };
}

async function find(ask: CatFile, foreign: Foreign, name: string): Promise<Branch | undefined> {
  for (const full of [`refs/heads/${name}`, `refs/remotes/origin/${name}`]) {
    if (!foreign.refs.some(ref => ref.name === full)) continue;
    const tip = await ask.info(`${full}^{commit}`);
    if (tip !== undefined) return { name: full.replace(/^refs\/(?:heads|remotes)\//, ''), tip: tip.id };
  }
  return undefined;
}

/** The newest commit of the branch's own line that was committed at or before `date` (ISO 8601); undefined where it is younger. */
export async function tipAt(place: Place, branch: Branch, date: string): Promise<string | undefined> {
  const time = Date.parse(date);
  if (Number.isNaN(time)) return undefined;
  const before = `--before=${new Date(time).toISOString().slice(0, 19)}Z`;
  const found = await gitText(place, ['rev-list', '-1', '--first-parent', before, branch.tip]);
  return found === '' ? undefined : found;
}

/** `2015-09-03`, the day it was committed. */
export async function dayOf(place: Place, commit: string): Promise<string> {
  return await gitText(place, ['show', '-s', '--date=short-local', '--format=%cd', commit]);
}
