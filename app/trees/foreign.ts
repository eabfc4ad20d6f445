// SPDX-License-Identifier: MIT
// What is read of the folder that the user named: where its objects are, its refs, its shallow grafts. Reads only; the folder may be bare, a work
// tree, a linked work tree, shallow, and somebody else's. Nothing else of Abide runs git in it, so its configuration decides nothing.
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AbideError } from '../errors.ts';
import { git } from './git.ts';
import { clean } from './words.ts';

export interface Foreign {
  /** Absolute, symlinks resolved. */
  readonly dir: string;
  /** The repository's own folder (of the linked work tree where DIR is one): what tells one tree from another. */
  readonly gitDir: string;
  readonly objects: string;
  readonly objectFormat: 'sha1' | 'sha256';
  /** `ref: refs/heads/master` or an id. */
  readonly head: string;
  readonly refs: readonly { readonly name: string; readonly id: string }[];
  /** The `shallow` file's text; empty where the history is whole. */
  readonly shallow: string;
}

// Four lines, any path of which may hold a line end.
const ANSWER = /^([^]+)\n(sha1|sha256)\n([^]+\/objects)\n([^]+\/shallow)\n$/;

/** Throws `tree-unreadable`. `home` as in `Place`. */
export async function readForeign(named: string, home: string): Promise<Foreign> {
  const dir = await realpath(named).catch((cause: unknown) => {
    throw unreadable(named, `there is no such folder`, cause);
  });
  const place = { cwd: dir, home };
  const question = ['rev-parse', '--path-format=absolute', '--absolute-git-dir', '--show-object-format'];
  const found = await git(place, [...question, '--git-path', 'objects', '--git-path', 'shallow']).catch(
    (cause: unknown) => {
      throw unreadable(named, clean(cause), cause);
    },
  );
  const answer = ANSWER.exec(found.stdout.toString('utf8'));
  if (found.status !== 0 || answer === null) {
    throw unreadable(named, clean(found.stderr) || 'it is no git repository');
  }
  const [, gitDir, format, objects, shallow] = answer as unknown as string[];
  const listed = await git(place, ['for-each-ref', '--format=%(objectname) %(refname)']);
  if (listed.status !== 0) throw unreadable(named, clean(listed.stderr));
  return {
    dir,
    gitDir: gitDir!,
    objects: objects!,
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
    head: (await readFile(join(gitDir!, 'HEAD'), 'utf8').catch(() => '')).trim(),
    refs: listed.stdout
      .toString('utf8')
      .split('\n')
      .map(line => ({ id: line.slice(0, line.indexOf(' ')), name: line.slice(line.indexOf(' ') + 1) }))
      .filter(ref => ref.id !== '' && !/^refs\/(?:replace|bisect|worktree|rewritten|stash)/.test(ref.name)),
    shallow: await readFile(shallow!, 'utf8').catch(() => ''),
  };
}

function unreadable(named: string, why: string, cause?: unknown): AbideError {
  return new AbideError('tree-unreadable', `the tree ${clean(named)} cannot be read: ${why}`, {
    hint: 'name the top folder of a clone of rdma-core (bare or not) with --tree',
    cause,
  });
}
