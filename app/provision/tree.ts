// SPDX-License-Identifier: MIT
// The tree under test in the user's cache: a bare clone of rdma-core, or, where that cannot be reached, Debian's source package as a repository
// of one commit. Its blobs are upstream's, so pre-images by blob id are found in either. Never touches a tree of the user's own.
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { AbideError } from '../errors.ts';
import { withAptRoot, type AptSource } from './apt-root.ts';
import { command } from './command.ts';
import { publish, scratch } from './scratch.ts';

const Origin = z.object({ from: z.enum(['clone', 'debian-source']), version: z.string(), url: z.string() });

export interface ManagedTree {
  /** A bare repository. */
  readonly dir: string;
  readonly from: 'clone' | 'debian-source';
  /** `v65.0`, or `git describe`'s words for a clone. */
  readonly version: string;
}

export interface TreeOptions extends Omit<AptSource, 'suites' | 'sources' | 'code'> {
  /** What to clone; a changed URL makes a new clone. */
  readonly url: string;
  /** How long the URL may take for its first answer. */
  readonly patienceSeconds?: number;
}

/** From the cache where it is there, without the network. Throws `tree-unreadable` where neither way leads to a tree. */
export async function ensureTree(o: TreeOptions): Promise<ManagedTree> {
  const present = await findTree(o.cache);
  if (present?.url === o.url) return { dir: present.dir, from: present.from, version: present.version };

  const home = join(o.cache, 'tree');
  await using place = await scratch(o.cache);
  const made = join(place.dir, 'tree');
  await mkdir(made);
  const repo = join(made, 'rdma-core.git');
  const origin = await cloneInto(repo, o).catch(async (refused: unknown) => {
    const why = refused instanceof Error ? refused.message : String(refused);
    o.onProgress?.(`${why}; taking Debian's source package instead`);
    return await sourceInto(repo, place.dir, o).catch((cause: unknown) => {
      const also = cause instanceof Error ? cause.message : String(cause);
      throw new AbideError('tree-unreadable', `no tree of rdma-core can be had: ${why}; and ${also}`, {
        hint: 'set ABIDE_TREE to a clone of rdma-core of your own, or ABIDE_TREE_URL to one that can be reached',
        cause,
      });
    });
  });
  await writeFile(join(made, 'origin.json'), `${JSON.stringify({ ...origin, url: o.url })}\n`);
  if (present !== undefined) await rm(home, { recursive: true, force: true });
  await publish(made, home);
  return { dir: managedTreeDir(o.cache), ...origin };
}

export function managedTreeDir(cache: string): string {
  return join(cache, 'tree/rdma-core.git');
}

/** The managed tree of this cache, or undefined. */
export async function findTree(cache: string): Promise<(ManagedTree & { url: string }) | undefined> {
  const home = join(cache, 'tree');
  const text = await readFile(join(home, 'origin.json'), 'utf8').catch(() => undefined);
  const origin = text === undefined ? undefined : Origin.safeParse(JSON.parse(text)).data;
  return origin === undefined ? undefined : { dir: managedTreeDir(cache), ...origin };
}

type Made = Pick<ManagedTree, 'from' | 'version'>;

async function cloneInto(repo: string, o: TreeOptions): Promise<Made> {
  const env = { GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_COUNT: '2', ...lowSpeedLimit };
  const failed = { code: 'tree-unreadable', hint: 'set ABIDE_TREE_URL to a URL that can be reached', env } as const;
  const doing = `reaching ${o.url}`;
  o.onProgress?.(doing);
  await command(['git', 'ls-remote', '--exit-code', '--', o.url, 'HEAD'], {
    doing,
    seconds: o.patienceSeconds ?? 10,
    ...failed,
  });
  o.onProgress?.(`cloning ${o.url}`);
  await command(['git', 'clone', '--quiet', '--bare', '--', o.url, repo], { doing: `cloning ${o.url}`, ...failed });
  const version = await command(['git', '-C', repo, 'describe', '--tags', '--always', 'HEAD'], {
    doing: 'describing the clone',
    ...failed,
  });
  return { from: 'clone', version };
}

// A transfer that stands still for 30 s is over.
const lowSpeedLimit = {
  GIT_CONFIG_KEY_0: 'http.lowSpeedLimit',
  GIT_CONFIG_VALUE_0: '1000',
  GIT_CONFIG_KEY_1: 'http.lowSpeedTime',
  GIT_CONFIG_VALUE_1: '30',
};

async function sourceInto(repo: string, work: string, o: TreeOptions): Promise<Made> {
  const packed = join(work, 'source');
  await withAptRoot({ ...o, suites: ['sid'], sources: true, code: 'tree-unreadable' }, apt => {
    o.onProgress?.("fetching Debian's source package rdma-core");
    return apt.downloadSource('rdma-core', packed);
  });
  const orig = (await readdir(packed)).find(name => /^rdma-core_[\d.]+.*\.orig\.tar\.\w+$/.test(name));
  const number = orig === undefined ? undefined : /_(\d+(?:\.\d+)*)/.exec(orig)?.[1];
  if (orig === undefined || number === undefined) {
    throw new AbideError('tree-unreadable', "Debian's source package of rdma-core holds no upstream tarball");
  }
  const version = `v${number}`;
  const files = join(work, 'files');
  await mkdir(files);
  const failed = { code: 'tree-unreadable', hint: 'try again: the download may be damaged' } as const;
  await command(['tar', '-xf', join(packed, orig), '-C', files, '--strip-components=1', '--no-same-owner'], {
    doing: `unpacking ${basename(orig)}`,
    ...failed,
  });
  // In a tarball that git made, every file has the date of the release's commit.
  const times = await Promise.all((await readdir(files)).map(async name => (await stat(join(files, name))).mtimeMs));
  const date = new Date(Math.max(...times)).toISOString();
  const git = (...args: string[]): Promise<string> =>
    command(['git', '--git-dir', repo, '--work-tree', files, ...args], {
      doing: `git ${args[0] ?? ''} of ${version}`,
      env: { ...fixedIdentity, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      ...failed,
    });
  await command(['git', 'init', '--quiet', '--bare', '--initial-branch=master', repo], {
    doing: 'git init',
    ...failed,
  });
  await git('-c', 'core.bare=false', 'add', '--all', '--force', '.');
  await git('-c', 'core.bare=false', 'commit', '--quiet', '--no-verify', '-m', `rdma-core ${number}`);
  await git('tag', version);
  await rm(join(repo, 'index'), { force: true });
  return { from: 'debian-source', version };
}

// The tarball's date and one identity, and no settings of the user's, so that the same tarball gives the same commit on every machine.
const fixedIdentity = {
  GIT_AUTHOR_NAME: 'Abide',
  GIT_AUTHOR_EMAIL: 'abide@localhost',
  GIT_COMMITTER_NAME: 'Abide',
  GIT_COMMITTER_EMAIL: 'abide@localhost',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};
