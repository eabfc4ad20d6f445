// SPDX-License-Identifier: MIT
// Searches of the store's history for the commit that a series was made on. Bounded; reads only.
import { AbideError } from '../errors.ts';
import type { Branch } from './branches.ts';
import type { CatFile } from './cat-file.ts';
import { git, gitBytes, type Place } from './git.ts';
import { firstMatch, type PreImage } from './pre-images.ts';

// Bounds on one search: rdma-core has 10,000 commits, of which 2,000 are a branch's own line.
const MAX_CANDIDATES = 20_000;
const MAX_PATCH_IDS = 3000;

/**
 * The newest commit in which every pre-image is found: first on the branch's own line, then anywhere in the tree. A file stays as it is until a
 * commit changes it, so only parents of commits that touch one of the paths, and the tips, can be the newest.
 */
export async function findByPreImages(
  place: Place,
  ask: CatFile,
  options: { readonly branch: Branch; readonly wanted: readonly PreImage[] },
): Promise<{ commit: string; where: 'tip' | 'branch' | 'merged' | 'elsewhere' } | undefined> {
  const { branch, wanted } = options;
  const telling = wanted.filter(image => image.blob !== 'any' && image.blob !== 'absent');
  const known = await Promise.all(telling.map(image => ask.info(image.blob)));
  // Without a blob that the tree has, a match would be chance.
  if (telling.length === 0 || known.some(info => info === undefined)) return undefined;
  const paths = wanted.map(image => image.path);
  const line = await candidates(place, ['--first-parent', branch.tip], paths);
  const own = await firstMatch(ask, [branch.tip, ...line], wanted);
  if (own !== undefined) return { commit: await commitId(ask, own), where: own === branch.tip ? 'tip' : 'branch' };
  const tips = await lines(place, [
    'for-each-ref',
    '--format=%(objectname)',
    'refs/heads',
    'refs/remotes',
    'refs/tags',
  ]);
  const all = await candidates(place, ['--full-history', '--date-order', '--all'], paths);
  const found = await firstMatch(ask, [...tips, ...all], wanted);
  if (found === undefined) return undefined;
  const commit = await commitId(ask, found);
  const merged = (await git(place, ['merge-base', '--is-ancestor', commit, branch.tip])).status === 0;
  return { commit, where: merged ? 'merged' : 'elsewhere' };
}

async function commitId(ask: CatFile, revision: string): Promise<string> {
  const found = await ask.info(`${revision}^{commit}`);
  if (found === undefined) throw new AbideError('git-failed', `the commit ${revision} is gone`);
  return found.id;
}

/** Parents of the commits that touch the paths, as revisions, newest first. By `^1`: what `--parents` prints here is the simplified history's. */
async function candidates(place: Place, which: readonly string[], paths: readonly string[]): Promise<string[]> {
  // Paths by stdin, as a series may touch more of them than a command line holds; one with a line end cannot be asked for.
  const asked = ['--', ...paths.filter(path => !path.includes('\n')), ''].join('\n');
  const listed = await lines(place, ['rev-list', `--max-count=${MAX_CANDIDATES}`, ...which, '--stdin'], asked);
  if (which.includes('--first-parent')) return listed.map(commit => `${commit}^1`);
  return listed.flatMap(commit => [`${commit}^1`, `${commit}^2`]);
}

async function lines(place: Place, args: readonly string[], input?: string): Promise<string[]> {
  return (await gitBytes(place, args, input === undefined ? undefined : Buffer.from(input)))
    .toString('latin1')
    .split('\n')
    .filter(Boolean);
}

/** The newest commit of the branch whose patch is one of these (`git patch-id --stable`), and how many of them the branch has. */
export async function findByPatchIds(
  place: Place,
  branch: Branch,
  wanted: readonly string[],
): Promise<{ commit: string; found: number } | undefined> {
  const args = [
    'log',
    '-p',
    '--no-merges',
    `--max-count=${MAX_PATCH_IDS}`,
    '--full-index',
    '--no-ext-diff',
    '--no-textconv',
  ];
  const patches = await gitBytes(place, [...args, branch.tip]);
  const ids = (await gitBytes(place, ['patch-id', '--stable'], patches)).toString('latin1').split('\n');
  const hits = ids.map(row => row.split(' ')).filter(([id]) => wanted.includes(id ?? ''));
  const newest = hits[0]?.[1];
  if (newest === undefined) return undefined;
  return { commit: newest, found: new Set(hits.map(([id]) => id)).size };
}
