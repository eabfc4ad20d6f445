// SPDX-License-Identifier: MIT
// The newest release that each commit descends from, for a whole history at once (`git describe` for one would be a process each).
import { gitBytes, type Place } from '../trees/git.ts';

export interface Releases {
  /** The tag, or undefined where no release is among the ancestors. */
  of(commit: string | undefined): string | undefined;
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
  if (tagged.size === 0 || commits.length === 0) return { of: () => undefined };
  const input = Buffer.from(commits.join('\n') + '\n');
  const lines = (
    await gitBytes(place, ['rev-list', '--topo-order', '--reverse', '--parents', '--stdin'], input)
  ).toString('utf8');
  for (const line of lines.split('\n')) {
    const [commit = '', ...parents] = line.split(' ');
    const tags = [tagged.get(commit), ...parents.map(parent => newest.get(parent))].filter(tag => tag !== undefined);
    const best = tags.sort(compareTags).at(-1);
    if (best !== undefined) newest.set(commit, best);
  }
  return { of: commit => (commit === undefined ? undefined : newest.get(commit)) };
}

function compareTags(a: string, b: string): number {
  const [left, right] = [a, b].map(tag => tag.slice(1).split('.').map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
