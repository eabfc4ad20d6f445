// SPDX-License-Identifier: MIT
// git for the rest of Abide: revisions, bases, series applied to them, and what rules may look at. The folder that the user names is only read.
import { resolve as absolute } from 'node:path';
import type { Change } from '../model/change.ts';
import type { Base } from '../model/report.ts';
import type { Series } from '../model/series.ts';
import { apply, type Applied } from './apply.ts';
import { findBase } from './base.ts';
import { branchFor, tipAt } from './branches.ts';
import { openCatFile } from './cat-file.ts';
import { asText, loadChange } from './change.ts';
import { exportTo } from './export.ts';
import { loadChangeFromBlobs } from './from-blobs.ts';
import * as revision from './revision.ts';
import { openStore } from './store.ts';
import { sweep } from './work-tree.ts';

export type { Applied } from './apply.ts';
export type { Fault, Problem } from './problem.ts';

export interface TreeOptions {
  /** A repository: bare or not, a linked work tree, shallow, somebody else's. Never written to. */
  readonly dir: string;
  /** The user's cache; the private store is made in its `trees/`. */
  readonly cache: string;
  /** For series whose subject names none; HEAD's where it is undefined. */
  readonly branch?: string;
}

export interface Tree extends AsyncDisposable {
  readonly dir: string;
  /** The private store: a bare repository with the tree's refs and objects, and the commits that are made here. */
  readonly gitDir: string;
  /** A commit's full id. Throws `revision-unknown`. */
  resolve(rev: string): Promise<string>;
  /** `A..B` without merges, oldest first. Throws `revision-unknown`. */
  listCommits(range: string): Promise<string[]>;
  /** `A..B` as an mbox of `git format-patch`. Throws `revision-unknown`, `input-not-a-series`. */
  formatRange(range: string): Promise<Uint8Array>;
  /** One commit likewise, without a base in its footer. */
  formatCommit(rev: string): Promise<Uint8Array>;
  /** Throws `revision-unknown` for an `explicit` that is none. */
  findBase(series: Series, explicit?: string): Promise<Base>;
  apply(series: Series, base: Base): Promise<Applied>;
  loadChange(series: Series, applied: Applied, contextPaths: readonly string[]): Promise<Change>;
  loadChangeFromBlobs(series: Series, contextPaths: readonly string[]): Promise<Change | undefined>;
  /** The newest release tag at or before the commit. */
  releaseBefore(commit: string): Promise<{ tag: string; commit: string } | undefined>;
  /** undefined where there is no such file, or it is binary or larger than 16 MiB. */
  readFile(commit: string, path: string): Promise<string | undefined>;
  /** By full or abbreviated id. */
  readBlob(id: string): Promise<Uint8Array | undefined>;
  /** The commit's files, with its date as mtime, into a folder that is made. */
  exportTo(commit: string, dir: string): Promise<void>;
}

/** Throws `tree-unreadable`, `disk-full`. */
export async function openTree(options: TreeOptions): Promise<Tree> {
  const store = await openStore(absolute(options.dir), absolute(options.cache));
  await sweep(store);
  const ask = openCatFile(store);
  const overFor = async (series: Series): Promise<string | undefined> => {
    const branch = await branchFor(ask, store.foreign, { series, wanted: options.branch });
    if (branch === undefined || series.base.date === undefined) return branch?.tip;
    return (await tipAt(store, branch, series.base.date)) ?? branch.tip;
  };
  return {
    dir: store.foreign.dir,
    gitDir: store.gitDir,
    resolve: rev => revision.resolve(store, rev),
    listCommits: range => revision.listCommits(store, range),
    formatRange: range => revision.formatRange(store, range),
    formatCommit: rev => revision.formatCommit(store, rev),
    findBase: (series, explicit) => findBase(store, ask, series, { explicit, branch: options.branch }),
    apply: (series, base) => apply(store, ask, series, base),
    async loadChange(series, applied, contextPaths) {
      const { base, commits } = applied;
      const source = { series, base: base.commit, commits, contextPaths, released: base.commit };
      return { ...(await loadChange(store, ask, source)), baseCommit: base.commit };
    },
    async loadChangeFromBlobs(series, contextPaths) {
      const over = await overFor(series);
      return over === undefined ? undefined : loadChangeFromBlobs(store, ask, { series, over, contextPaths });
    },
    releaseBefore: commit => revision.releaseBefore(store, commit),
    readFile: async (commit, path) => asText(await ask.blob(`${await revision.resolve(store, commit)}:${path}`)),
    readBlob: id => ask.blob(/^[0-9a-f]{4,64}$/.test(id) ? id : ''),
    exportTo: async (commit, dir) => exportTo(store, await revision.resolve(store, commit), dir),
    [Symbol.asyncDispose]: () => ask[Symbol.asyncDispose](),
  };
}
