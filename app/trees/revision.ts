// SPDX-License-Identifier: MIT
// Revisions as people name them. What could be an option, a range, a path or a search is refused before git sees it.
import { AbideError } from '../errors.ts';
import { git, gitBytes, gitFailed, gitText, type Place } from './git.ts';
import { clean } from './words.ts';

// gitrevisions(7) without `A..B`, `:path`, `:/text`, `^{/text}`, globs and white space.
const REVISION = /^[^-.^~:{}\s\p{Cc}][^:?*[\\\s\p{Cc}]*$/u;
const MAX_REVISION = 250;

/** The largest series ever sent is far below; `replay` is for history. */
export const MAX_RANGE = 500;

/** The commit's full id. Throws `revision-unknown`. */
export async function resolve(place: Place, rev: string): Promise<string> {
  const refused = rev.length > MAX_REVISION || !REVISION.test(rev) || rev.includes('..') || rev.includes('{/');
  if (refused) throw unknown(rev, 'that is no name of a commit');
  const found = await git(place, ['rev-parse', '--verify', '--end-of-options', `${rev}^{commit}`]);
  const id = found.stdout.toString('utf8').trim();
  if (found.status !== 0 || !/^[0-9a-f]{40,64}$/.test(id)) {
    throw unknown(rev, /ambiguous/.test(found.stderr) ? 'it could be several' : 'the tree has no such commit');
  }
  return id;
}

function unknown(rev: string, why: string): AbideError {
  const shown = clean(rev.slice(0, MAX_REVISION)).replace(/\n/g, ' ');
  return new AbideError('revision-unknown', `revision ${JSON.stringify(shown)}: ${why}`, {
    hint: 'name a branch, a tag or a commit id of the tree (git log --oneline lists some); a shallow clone has no old ones',
  });
}

/** `A..B` as its two commits; an empty side is HEAD. */
export async function resolveRange(place: Place, range: string): Promise<{ from: string; to: string }> {
  const at = range.indexOf('..');
  if (at < 0 || range.startsWith('...', at)) throw unknown(range, 'a range is written A..B');
  const from = await resolve(place, range.slice(0, at) || 'HEAD');
  return { from, to: await resolve(place, range.slice(at + 2) || 'HEAD') };
}

/** The range's commits without merges, oldest first. */
export async function listCommits(place: Place, range: string): Promise<string[]> {
  const { from, to } = await resolveRange(place, range);
  const listed = await gitText(place, ['rev-list', '--no-merges', '--reverse', '--topo-order', to, `^${from}`]);
  return listed.split('\n').filter(id => id !== '');
}

const FORMAT = [
  'format-patch',
  '--stdout',
  // A line `From …` of a log gets a `>`, rather than be taken for the next mail.
  '--pretty=mboxrd',
  '--full-index',
  '--binary',
  '-M',
  '--no-signature',
  '--no-cover-letter',
  '--no-thread',
  '--no-notes',
  '--no-ext-diff',
  '--no-textconv',
  '--topo-order',
];

/** The range's commits as the mails that `git format-patch` makes, with the base's id in a footer. Throws `input-not-a-series` where it holds none. */
export async function formatRange(place: Place, range: string): Promise<Buffer> {
  const { from, to } = await resolveRange(place, range);
  const commits = await listCommits(place, `${from}..${to}`);
  if (commits.length === 0 || commits.length > MAX_RANGE) {
    const many = commits.length === 0 ? 'no commit that is not a merge' : `${commits.length} commits`;
    throw new AbideError('input-not-a-series', `${clean(range)} holds ${many}`, {
      hint: `a range A..B is what B has and A lacks, up to ${MAX_RANGE} commits; abide replay is for history`,
    });
  }
  const span = [to, `^${from}`];
  const fork = await git(place, ['merge-base', from, to]);
  const base = fork.status === 0 ? fork.stdout.toString('utf8').split('\n')[0]! : undefined;
  // git refuses a base that is not an ancestor of every commit (a range with side branches): then there is no footer.
  if (base !== undefined) {
    const based = await gitBytes(place, [...FORMAT, `--base=${base}`, ...span]).catch(() => undefined);
    if (based !== undefined) return based;
  }
  return await gitBytes(place, [...FORMAT, ...span]);
}

/** One commit as the mail of a series of one. */
export async function formatCommit(place: Place, rev: string): Promise<Buffer> {
  const commit = await resolve(place, rev);
  return await gitBytes(place, [...FORMAT, '-1', commit]);
}

/** The last release at or before the commit, by annotated or plain tag; undefined where there is none. */
export async function releaseBefore(place: Place, rev: string): Promise<{ tag: string; commit: string } | undefined> {
  const commit = await resolve(place, rev);
  const args = ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', '--exclude', '*rc*', commit];
  const found = await git(place, args);
  if (found.status === 128) return undefined;
  if (found.status !== 0) throw gitFailed(args, found);
  const tag = found.stdout.toString('utf8').trim();
  return { tag, commit: await resolve(place, `refs/tags/${tag}`) };
}
