// SPDX-License-Identifier: MIT
// What a series says of the files it was made against, from its `index` lines. Pure, but for the questions it is given to ask.
import type { FileDiff, Patch, Series } from '../model/series.ts';
import type { CatFile } from './cat-file.ts';

/** A path of the base: with this blob (abbreviated id), there with any blob, or not there. */
export interface PreImage {
  readonly path: string;
  readonly blob: string | 'any' | 'absent';
  readonly mode: string | undefined;
}

const ZERO = /^0+$/;

/** Each path once, as the first patch that touches it found it; what the series itself made before asks nothing of the base. */
export function preImages(series: Pick<Series, 'patches'>): PreImage[] {
  const found = new Map<string, PreImage>();
  const note = (path: string, blob: string, mode: string | undefined): void => {
    if (!found.has(path)) found.set(path, { path, blob, mode });
  };
  for (const file of series.patches.flatMap(patch => patch.files)) {
    const source = file.oldPath ?? file.path;
    const added = file.change === 'add' || (file.preBlob !== undefined && ZERO.test(file.preBlob));
    note(source, added ? 'absent' : blobName(file.preBlob), file.oldMode);
    if (source !== file.path) note(file.path, 'absent', undefined);
  }
  return [...found.values()];
}

/** git looks at no abbreviation below four digits. */
const blobName = (id: string | undefined): string => (id !== undefined && id.length >= 4 ? id : 'any');

/** Whether the commit has every file as the series found it. */
export async function matches(ask: CatFile, commit: string, wanted: readonly PreImage[]): Promise<boolean> {
  const answers = await Promise.all(wanted.map(image => matchesOne(ask, commit, image)));
  return answers.every(Boolean);
}

async function matchesOne(ask: CatFile, commit: string, image: PreImage): Promise<boolean> {
  const there = await ask.info(`${commit}:${image.path}`);
  if (image.blob === 'absent') return there === undefined;
  return there !== undefined && (image.blob === 'any' || there.id.startsWith(image.blob));
}

/** The first commit that matches. Each pre-image is asked of the commits that are left, the most telling first: some thousand questions at most. */
export async function firstMatch(
  ask: CatFile,
  commits: readonly string[],
  wanted: readonly PreImage[],
): Promise<string | undefined> {
  const rank = (image: PreImage): number => (image.blob === 'absent' ? 1 : image.blob === 'any' ? 2 : 0);
  let left = commits;
  for (const image of [...wanted].sort((a, b) => rank(a) - rank(b))) {
    const fits = await Promise.all(left.map(commit => matchesOne(ask, commit, image)));
    left = left.filter((_, index) => fits[index]);
    if (left.length === 0) return undefined;
  }
  return left[0];
}

/** Whether the tree has every blob that this patch was made against, or an earlier patch of the series makes it. */
export async function knowsPreImages(ask: CatFile, series: Pick<Series, 'patches'>, patch: Patch): Promise<boolean> {
  const made = series.patches
    .slice(0, series.patches.indexOf(patch))
    .flatMap(earlier => earlier.files.flatMap(file => file.postBlob ?? []));
  const known = await Promise.all(patch.files.map(file => knowsOne(ask, file, made)));
  return known.every(Boolean);
}

async function knowsOne(ask: CatFile, file: FileDiff, made: readonly string[]): Promise<boolean> {
  const id = file.preBlob;
  if (file.change === 'add' || (id !== undefined && ZERO.test(id))) return true;
  if (id === undefined || id.length < 4) return false;
  if (made.some(other => other.startsWith(id) || id.startsWith(other))) return true;
  return (await ask.info(id))?.type === 'blob';
}

/** Full ids of the blobs that the series was made against, as far as the tree has them. */
export async function imageIds(ask: CatFile, series: Pick<Series, 'patches'>): Promise<string[]> {
  const names = series.patches.flatMap(patch => patch.files.flatMap(file => file.preBlob ?? []));
  const told = names.filter(name => name.length >= 4 && !ZERO.test(name));
  const found = await Promise.all([...new Set(told)].map(name => ask.info(name)));
  return [...new Set(found.flatMap(info => (info?.type === 'blob' ? [info.id] : [])))];
}
