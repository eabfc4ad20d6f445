// SPDX-License-Identifier: MIT
// `git am` in a throwaway work tree: which patches land, in which way, and how git ended on the one that does not. Judges nothing.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbideError } from '../errors.ts';
import type { Patch } from '../model/series.ts';
import { copyBlobs } from './copies.ts';
import { git, gitText, type GitResult } from './git.ts';
import { keepsCarriageReturns, mailFile } from './mail-file.ts';
import { openWorkTree, type WorkTree } from './work-tree.ts';
import type { Store } from './store.ts';

/** `already`: the base has it; `empty`: it has no diff. Either is a commit that changes nothing, so that each patch has one. */
export type Way = 'clean' | 'raw' | 'merged' | 'already' | 'empty';

export interface Landing {
  readonly commits: { readonly commit: string; readonly way: Way }[];
  /** Of the first patch that did not land: git's answer to the plain attempt, and whether a three-way merge ended in a conflict. */
  readonly refused?: { readonly patch: Patch; readonly result: GitResult; readonly conflict: boolean };
}

export interface AmOptions {
  /** Blobs of the tree that a three-way merge may need. */
  readonly images?: readonly string[];
  /** Paths that are left out of every patch. */
  readonly exclude?: readonly string[];
}

const AM = [
  'am',
  '--patch-format=mbox',
  '--committer-date-is-author-date',
  '--no-gpg-sign',
  '--no-scissors',
  '--no-message-id',
  '--no-signoff',
  '--no-rerere-autoupdate',
  '--quoted-cr=nowarn',
];

// An empty commit has no author to name; with fixed dates its id depends on parent and subject alone.
const NOBODY = {
  GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z',
  GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z',
};

/** Applies the patches in their order on `base`, as far as they go. `commits` is filled as they land, also where this throws. */
export async function land(
  store: Store,
  patches: readonly Patch[],
  options: AmOptions & { readonly base: string; readonly commits: Landing['commits'] },
): Promise<Landing> {
  const { commits } = options;
  await using tree = await openWorkTree(store, options.base);
  let head = options.base;
  while (commits.length < patches.length) {
    const patch = patches[commits.length]!;
    if (isEmpty(patch, options)) {
      head = await commitNothing(tree, patch, head);
      commits.push({ commit: head, way: 'empty' });
      continue;
    }
    const rest = patches.slice(commits.length);
    const stop = rest.findIndex(one => isEmpty(one, options));
    const plain = await am(tree, stop < 0 ? rest : rest.slice(0, stop), { ...options, head });
    commits.push(...plain.made.map(commit => ({ commit, way: 'clean' as const })));
    head = plain.made.at(-1) ?? head;
    if (plain.result.status === 0) continue;
    const stuck = patches[commits.length]!;
    await tree.reset(head);
    const old = await countUndone(tree, patches.slice(commits.length), head);
    for (const patch of patches.slice(commits.length, commits.length + old)) {
      head = await commitNothing(tree, patch, head);
      commits.push({ commit: head, way: 'already' });
    }
    if (old > 0) continue;
    const other = await otherwise(store, tree, stuck, { ...options, head });
    if ('conflict' in other) return { commits, refused: { patch: stuck, result: plain.result, ...other } };
    head = other.commit;
    commits.push(other);
  }
  return { commits };
}

function isEmpty(patch: Patch, { exclude = [] }: AmOptions): boolean {
  return patch.files.every(file => exclude.includes(file.path));
}

/** What is tried where a patch does not apply as it stands: its text before format=flowed was undone, then a three-way merge. */
async function otherwise(
  store: Store,
  tree: WorkTree,
  patch: Patch,
  options: AmOptions & { readonly head: string },
): Promise<{ commit: string; way: Way } | { conflict: boolean }> {
  const { head } = options;
  if (patch.rawMbox !== undefined) {
    const raw = await am(tree, [{ ...patch, mbox: patch.rawMbox }], options);
    if (raw.result.status === 0) return { commit: raw.made[0]!, way: 'raw' };
    await tree.reset(head);
  }
  let conflict = false;
  await copyBlobs(store, options.images ?? []);
  for (const mbox of [patch.mbox, patch.rawMbox]) {
    if (mbox === undefined) continue;
    // A merge takes a missing file for a change of the user's.
    await gitText(tree, ['checkout-index', '--all', '--force', '--index']);
    const merged = await am(tree, [{ ...patch, mbox }], { ...options, merge: true });
    if (merged.result.status === 0 && merged.made[0] !== undefined) return { commit: merged.made[0], way: 'merged' };
    // git skips a patch that a merge finds applied, and is content.
    if (merged.result.status === 0) return { commit: await commitNothing(tree, patch, head), way: 'already' };
    conflict ||= /^CONFLICT /m.test(merged.result.stdout.toString('utf8'));
    await tree.reset(head);
  }
  return { conflict };
}

/** How many patches the base has already: all of them, or the first alone, if they can be taken back from what is there. */
async function countUndone(tree: WorkTree, patches: readonly Patch[], head: string): Promise<number> {
  for (const count of new Set([patches.length, 1])) {
    let left = count;
    while (left > 0 && (await undo(tree, patches[left - 1]!))) left--;
    await tree.reset(head);
    if (left === 0) return count;
  }
  return 0;
}

async function undo(tree: WorkTree, patch: Patch): Promise<boolean> {
  if (patch.files.length === 0) return true;
  const [message, diff] = [join(tree.desk, 'message'), join(tree.desk, 'diff')];
  const input = mailFile(patch.mbox, true);
  const split = await git(tree, ['mailinfo', '--encoding=utf-8', '--quoted-cr=nowarn', message, diff], { input });
  if (split.status !== 0) return false;
  return (await git(tree, ['apply', '--cached', '--reverse', '-v', '--', diff])).status === 0;
}

/** One `git am`; `made` are the commits that are there after it, oldest first, also where it failed half-way. */
async function am(
  tree: WorkTree,
  patches: readonly Patch[],
  options: AmOptions & { readonly head: string; readonly merge?: boolean },
): Promise<{ result: GitResult; made: string[] }> {
  const files: string[] = [];
  for (const [index, patch] of patches.entries()) {
    const file = join(tree.desk, `${String(index).padStart(4, '0')}.mail`);
    await writeFile(file, mailFile(patch.mbox, patch.date !== undefined));
    files.push(file);
  }
  const keepCr = patches.every(patch => keepsCarriageReturns(patch.mbox));
  const how = [options.merge ? '--3way' : '--no-3way', keepCr ? '--keep-cr' : '--no-keep-cr'];
  const exclude = (options.exclude ?? []).map(path => `--exclude=${path.replace(/[*?[\]\\]/g, '\\$&')}`);
  const result = await git(tree, [...AM, ...how, ...exclude, '--', ...files]);
  const listed = await gitText(tree, ['rev-list', '--reverse', '--first-parent', 'HEAD', `^${options.head}`, '--']);
  const made = listed.split('\n').filter(Boolean);
  if (result.status === 0 && !options.merge && made.length !== patches.length) {
    throw new AbideError('git-failed', `git am made ${made.length} commits of ${patches.length} patches`);
  }
  return { result, made };
}

async function commitNothing(tree: WorkTree, patch: Patch, head: string): Promise<string> {
  const message = patch.subject.replaceAll('\0', '') || 'no subject';
  const made = await gitText(tree, ['commit-tree', `${head}^{tree}`, '-p', head, '-m', message], { env: NOBODY });
  await tree.reset(made);
  return made;
}
