// SPDX-License-Identifier: MIT
// Where things are on this machine, by the environment that main hands in. Reads nothing itself.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { RDMA_CORE_URL } from './tree.ts';

export interface Places {
  /** ABIDE_CACHE, else `abide` in XDG_CACHE_HOME or ~/.cache. Absolute. */
  readonly cache: string;
  /** ABIDE_TREE: a repository of the user's own, taken instead of the managed one. */
  readonly ownTree: string | undefined;
  /** ABIDE_TREE_URL: what the managed tree is cloned from. */
  readonly treeUrl: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export function placesOf(env: Env): Places {
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const cache = set('ABIDE_CACHE') ?? join(set('XDG_CACHE_HOME') ?? join(set('HOME') ?? homedir(), '.cache'), 'abide');
  const ownTree = set('ABIDE_TREE');
  return {
    cache: resolve(cache),
    ownTree: ownTree === undefined ? undefined : resolve(ownTree),
    treeUrl: set('ABIDE_TREE_URL') ?? RDMA_CORE_URL,
  };
}

/** The repository to review against: the user's own, else the managed one. */
export function treeDirOf(places: Places): string {
  return places.ownTree ?? managedTreeDir(places.cache);
}

function managedTreeDir(cache: string): string {
  return join(cache, 'tree/rdma-core.git');
}
