// SPDX-License-Identifier: MIT
// The base ladder: which commit a series is applied to, and how that is known, as a phrase for a person. The first rung that holds decides.
import type { Base } from '../model/report.ts';
import type { Series } from '../model/series.ts';
import { branchFor, dayOf, tipAt, type Branch } from './branches.ts';
import type { CatFile } from './cat-file.ts';
import { findByPatchIds, findByPreImages } from './history.ts';
import { matches, preImages, type PreImage } from './pre-images.ts';
import { resolve } from './revision.ts';
import type { Store } from './store.ts';
import { clean } from './words.ts';

interface Search {
  readonly store: Store;
  readonly ask: CatFile;
  readonly series: Series;
  readonly branch: Branch;
  readonly wanted: readonly PreImage[];
}

export interface BaseOptions {
  readonly explicit?: string | undefined;
  /** Used where no prefix of the subject names a branch. */
  readonly branch?: string | undefined;
}

/** `commit` is empty where the tree has nothing to apply to. Throws `revision-unknown` for a `--base` that is none. */
export async function findBase(store: Store, ask: CatFile, series: Series, options: BaseOptions): Promise<Base> {
  if (options.explicit !== undefined) {
    return { commit: await resolve(store, options.explicit), how: `named by --base (${clean(options.explicit)})` };
  }
  const wanted = preImages(series);
  const footer = await readFooter(ask, series, wanted);
  if (footer.base !== undefined) return footer.base;
  const branch = await branchFor(ask, store.foreign, { series, wanted: options.branch });
  const notes = [footer.note, branch?.note].filter(note => note !== undefined);
  if (branch === undefined) {
    return { commit: '', how: ['the tree has no branch to apply to (HEAD, master, main)', ...notes].join('; ') };
  }
  const search = { store, ask, series, branch, wanted };
  const base =
    (await byPreImages(search)) ??
    (await byPrerequisites(search)) ??
    footer.weak ??
    (await byDate(search)) ??
    (await now(search));
  return { commit: base.commit, how: [base.how, ...notes].join('; ') };
}

/** `weak` is a base-commit on which other patches stood first, by the series' own word. */
async function readFooter(
  ask: CatFile,
  series: Series,
  wanted: readonly PreImage[],
): Promise<{ base?: Base; weak?: Base; note?: string }> {
  const named = series.base.baseCommit;
  if (named === undefined) return {};
  const found = /^[0-9a-f]{7,64}$/.test(named) ? await ask.info(named) : undefined;
  if (found?.type !== 'commit') {
    return { note: `its base-commit footer names ${clean(named).slice(0, 64)}, which the tree lacks` };
  }
  const base = { commit: found.id, how: 'base-commit footer' };
  const telling = wanted.some(image => image.blob !== 'any' && image.blob !== 'absent');
  const alone = series.base.prerequisitePatchIds.length === 0 || (telling && (await matches(ask, found.id, wanted)));
  return alone
    ? { base }
    : { weak: { ...base, how: 'base-commit footer, without the prerequisite patches it asks for' } };
}

async function byPreImages({ store, ask, branch, wanted }: Search): Promise<Base | undefined> {
  const found = await findByPreImages(store, ask, { branch, wanted });
  if (found === undefined) return undefined;
  const { commit } = found;
  const day = await dayOf(store, commit);
  const which = {
    tip: `the tip of ${branch.name} (${day}), which has`,
    branch: `the newest commit of ${branch.name} (${day}) that has`,
    merged: `the newest commit merged into ${branch.name} (${day}) that has`,
    elsewhere: `the newest commit outside ${branch.name} (${day}) that has`,
  }[found.where];
  return { commit, how: `${which} every file as the series found it` };
}

async function byPrerequisites({ store, series, branch }: Search): Promise<Base | undefined> {
  const ids = series.base.prerequisitePatchIds;
  if (ids.length === 0) return undefined;
  const found = await findByPatchIds(store, branch, ids);
  if (found === undefined) return undefined;
  const how = `the newest prerequisite patch of the series in ${branch.name} (${found.found} of ${ids.length} found)`;
  return { commit: found.commit, how };
}

async function byDate({ store, series, branch }: Search): Promise<Base | undefined> {
  if (series.base.date === undefined) return undefined;
  const commit = await tipAt(store, branch, series.base.date);
  if (commit === undefined || commit === branch.tip) return undefined;
  return { commit, how: `${branch.name} at the mail's date (${series.base.date.slice(0, 10)})` };
}

async function now({ store, branch }: Search): Promise<Base> {
  return { commit: branch.tip, how: `${branch.name} as it is now (${await dayOf(store, branch.tip)})` };
}
