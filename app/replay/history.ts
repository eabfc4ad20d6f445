// SPDX-License-Identifier: MIT
// Commits of a repository as the replay needs them. Reads git's plumbing; decides nothing.
import { AbideError } from '../errors.ts';
import { gitBytes, type Place } from '../trees/git.ts';

export interface TouchedFile {
  readonly path: string;
  readonly oldPath: string | undefined;
  /** 40 hex digits; zeros where the file is not there. */
  readonly pre: string;
  readonly post: string;
  /** False for a link or a submodule: no text. */
  readonly regular: boolean;
}

export interface HistoryCommit {
  readonly sha: string;
  readonly parent: string | undefined;
  readonly author: { readonly name: string; readonly address: string };
  readonly date: string;
  readonly subject: string;
  readonly log: string;
  readonly files: readonly TouchedFile[];
}

const FORMAT = '--format=%x02%H%x00%P%x00%an%x00%ae%x00%aI%x00%s%x00%b%x03';
const SHOW = ['--raw', '-r', '-M', '--no-abbrev', '--no-ext-diff', '-z', FORMAT];

/** The ids of a range's commits without its merges, oldest first; or of the named ones, in their order.
 *  @throws AbideError `revision-unknown`, `git-failed` */
export function listCommits(place: Place, which: { range: string } | { shas: readonly string[] }): Promise<string[]> {
  return 'shas' in which
    ? resolveAll(place, which.shas)
    : list(place, ['--no-merges', '--topo-order', '--reverse', '--end-of-options', which.range, '--']);
}

/** Commits by their ids, in this order. A merge among them has no files. */
export async function readCommits(place: Place, ids: readonly string[]): Promise<HistoryCommit[]> {
  if (ids.length === 0) return [];
  const input = Buffer.from(ids.join('\n') + '\n');
  const bytes = await gitBytes(place, ['log', '--no-walk=unsorted', '--root', ...SHOW, '--stdin'], input);
  return bytes.toString('utf8').split('\x02').slice(1).map(readCommit);
}

async function resolveAll(place: Place, names: readonly string[]): Promise<string[]> {
  const input = Buffer.from(names.map(name => `${name}^{commit}\n`).join(''));
  const answers = (await gitBytes(place, ['cat-file', '--batch-check=%(objectname)'], input))
    .toString('utf8')
    .split('\n');
  return names.map((name, at) => {
    const answer = answers[at] ?? '';
    if (/^[0-9a-f]{40,64}$/.test(answer)) return answer;
    throw new AbideError('revision-unknown', `the tree has no commit ${name}`, {
      hint: 'replay needs a repository with the history it is asked about',
    });
  });
}

async function list(place: Place, args: readonly string[]): Promise<string[]> {
  try {
    return (await gitBytes(place, ['rev-list', ...args])).toString('utf8').split('\n').filter(Boolean);
  } catch (cause) {
    throw new AbideError('revision-unknown', `the tree does not know the range ${args.at(-2) ?? ''}`, {
      hint: 'A..B, or a revision',
      cause,
    });
  }
}

function readCommit(text: string): HistoryCommit {
  const end = text.indexOf('\x03');
  const [sha = '', parents = '', name = '', address = '', date = '', subject = '', log = ''] = text
    .slice(0, end)
    .split('\0');
  const raw = text
    .slice(end + 1)
    .replace(/^[\0\n]+/, '')
    .split('\0');
  const files: TouchedFile[] = [];
  for (let at = 0; at < raw.length;) {
    const [, modes, pre, post, status] = /^:(\d+ \d+) (\w+) (\w+) (\w+)$/.exec(raw[at] ?? '') ?? [];
    if (pre === undefined || post === undefined || status === undefined) break;
    const moved = /^[RC]/.test(status);
    const path = raw[at + (moved ? 2 : 1)] ?? '';
    const regular = !/1[26]0000/.test(modes ?? '');
    files.push({ path, oldPath: moved ? raw[at + 1] : undefined, pre, post, regular });
    at += moved ? 3 : 2;
  }
  return { sha, parent: parents.split(' ')[0] || undefined, author: { name, address }, date, subject, log, files };
}

/** The diffs of some commits, by commit. */
export async function readDiffs(place: Place, shas: readonly string[]): Promise<Map<string, string>> {
  if (shas.length === 0) return new Map();
  const args = ['diff-tree', '--stdin', '-p', '-M', '--root', '--full-index', '--no-ext-diff', '--no-textconv'];
  const text = (await gitBytes(place, args, Buffer.from(shas.join('\n') + '\n'))).toString('utf8');
  const diffs = new Map<string, string>();
  // Every line of a diff starts with a sign or a word; only the header is bare hex.
  const heads = [...text.matchAll(/^([0-9a-f]{40,64})\n/gm)];
  heads.forEach((head, at) => diffs.set(head[1] ?? '', text.slice(head.index + head[0].length, heads[at + 1]?.index)));
  return diffs;
}
