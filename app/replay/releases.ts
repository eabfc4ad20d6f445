// SPDX-License-Identifier: MIT
// The newest release that each commit descends from, for a whole history at once (`git describe` for one would be a process each).
import { gitBytes, type Place } from '../trees/git.ts';

export interface Releases {
  /** The newest release that a commit's first parent is or descends from; undefined where there is none. */
  before(commit: string): string | undefined;
}

/** Reads all tags `v1.2`, without release candidates, and walks from `commits` to their roots. */
export async function readReleases(place: Place, commits: readonly string[]): Promise<Releases> {
  const refs = (
    await gitBytes(place, ['for-each-ref', 'refs/tags/v*', '--format=%(refname:strip=2) %(objectname) %(*objectname)'])
  ).toString('utf8');
  const tagged = new Map<string, string>();
  for (const line of refs.split('\n')) {
    const [tag = '', object = '', peeled = ''] = line.split(' ');
    if (/^v[0-9][0-9.]*$/.test(tag)) tagged.set(peeled === '' ? object : peeled, tag);
  }
  const newest = new Map<string, string>();
  const first = new Map<string, string>();
  if (tagged.size === 0 || commits.length === 0) return { before: () => undefined };
  const input = Buffer.from(commits.join('\n') + '\n');
  const lines = (
    await gitBytes(place, ['rev-list', '--topo-order', '--reverse', '--parents', '--stdin'], input)
  ).toString('utf8');
  for (const line of lines.split('\n')) {
    const [commit = '', ...parents] = line.split(' ');
    if (parents[0] !== undefined) first.set(commit, parents[0]);
    const tags = [tagged.get(commit), ...parents.map(parent => newest.get(parent))].filter(tag => tag !== undefined);
    const best = tags.sort(compareTags).at(-1);
    if (best !== undefined) newest.set(commit, best);
  }
  return { before: commit => newest.get(first.get(commit) ?? '') };
}

function compareTags(a: string, b: string): number {
  const [left, right] = [a, b].map(tag => tag.slice(1).split('.').map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
