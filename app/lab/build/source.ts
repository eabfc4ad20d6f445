// SPDX-License-Identifier: MIT
// A commit's files in a folder, exactly as git stores them, for the sandbox to bind. Reads blobs by plumbing, so that no filter, hook
// or attribute of the tree is looked at, let alone run. (It does not use app/trees: adapters do not import one another.)
import { chmod, lstat, mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';

/** The mtime of every file of the base, older than anything a build makes; what a patch touches is newer than that. */
const BASE_TIME = new Date('2001-01-01T00:00:00Z');
const MOST_BYTES = 512 * 1024 * 1024;

interface Entry {
  readonly mode: string;
  readonly id: string;
  readonly path: string;
}

/** All files of `commit` into the empty or missing folder `dir`. */
export async function exportCommit(gitDir: string, commit: string, dir: string): Promise<void> {
  const listing = await git(gitDir, ['ls-tree', '-r', '-z', '--full-tree', commit]);
  const entries = records(listing).map(record => {
    const tab = record.indexOf('\t');
    const [mode = '', , id = ''] = record.slice(0, tab).split(' ');
    return { mode, id, path: record.slice(tab + 1) };
  });
  await mkdir(dir, { recursive: true });
  await put(gitDir, dir, entries, BASE_TIME);
}

/** From `from` to `to`: only files that differ are touched, and they get the present as mtime. Returns those that are gone. */
export async function moveTo(gitDir: string, dir: string, step: { from: string; to: string }): Promise<string[]> {
  const raw = ['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', '--no-commit-id', step.from, step.to];
  const fields = records(await git(gitDir, raw));
  const entries: Entry[] = [];
  const touched: string[] = [];
  const gone: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , id = '', status = ''] = (fields[at] ?? '').split(' ');
    const path = checked(fields[at + 1] ?? '');
    touched.push(path);
    if (status.startsWith('D')) gone.push(path);
    else entries.push({ mode, id, path });
  }
  // All old ones first: a file may become a folder, a link a file.
  for (const path of touched)
    if (await realFolders(dir, path)) await rm(join(dir, path), { recursive: true, force: true });
  await put(gitDir, dir, entries, undefined);
  return gone;
}

async function put(gitDir: string, dir: string, entries: readonly Entry[], time: Date | undefined): Promise<void> {
  const files = entries.filter(entry => entry.mode.startsWith('100') || entry.mode === '120000');
  const blobs = await readBlobs(
    gitDir,
    files.map(entry => entry.id),
  );
  const folders = new Set<string>();
  for (const [index, { mode, path }] of files.entries()) {
    const to = join(dir, checked(path));
    const parent = dirname(to);
    if (!folders.has(parent)) await readable(parent, { top: dir, folders });
    const bytes = blobs[index] ?? Buffer.alloc(0);
    if (mode === '120000') {
      // Where it points is looked up inside the sandbox alone.
      await symlink(bytes, to);
      continue;
    }
    await writeFile(to, bytes, { flag: 'wx' });
    await chmod(to, mode === '100755' ? 0o755 : 0o644);
    if (time !== undefined) await utimes(to, time, time);
  }
}

/** A folder that every uid may enter, whatever our umask. */
async function readable(folder: string, { top, folders }: { top: string; folders: Set<string> }): Promise<void> {
  if (folder !== top && !folders.has(dirname(folder))) await readable(dirname(folder), { top, folders });
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  folders.add(folder);
}

/** Our own sources where the sandbox's uid can read them: a checkout may be under a closed home. */
export async function copySources(from: string, to: string): Promise<void> {
  const folders = new Set<string>();
  await readable(to, { top: to, folders });
  for (const name of await sourcesIn(from)) {
    await readable(dirname(join(to, name)), { top: to, folders });
    await writeReadable(join(to, name), await readFile(join(from, name)));
  }
}

/** C sources and headers below a folder, sorted. */
export async function sourcesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true }).catch((cause: unknown) => {
    throw new AbideError('sandbox-failed', `the sources of native-check are not at ${dir}`, { cause });
  });
  return names.filter(name => /\.[ch]$/.test(name)).sort();
}

export async function writeReadable(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes);
  await chmod(path, 0o644);
}

/** Whether the folders above `path` are folders, so that nothing reaches out of `dir` through a link. */
async function realFolders(dir: string, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const info = await lstat(join(dir, ...parts.slice(0, depth))).catch(() => undefined);
    if (info?.isDirectory() !== true) return false;
  }
  return true;
}

async function readBlobs(gitDir: string, ids: readonly string[]): Promise<Buffer[]> {
  if (ids.length === 0) return [];
  const output = await git(gitDir, ['cat-file', '--batch'], `${ids.join('\n')}\n`);
  const blobs: Buffer[] = [];
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf(10, at);
    const [, type, size] = output.subarray(at, end).toString('latin1').split(' ');
    if (type !== 'blob') throw new AbideError('git-failed', `object ${id} is not there as a blob`);
    blobs.push(output.subarray(end + 1, end + 1 + Number(size)));
    at = end + 2 + Number(size);
  }
  return blobs;
}

function records(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split('\0')
    .filter(record => record !== '');
}

/** git refuses such names itself; this is the second lock. */
function checked(path: string): string {
  const parts = path.split('/');
  if (parts.some(part => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git')) {
    throw new AbideError('git-failed', `the tree holds an unsafe path: ${JSON.stringify(path)}`);
  }
  return path;
}

async function git(gitDir: string, args: readonly string[], input?: string): Promise<Buffer> {
  const env = {
    PATH: '/usr/bin:/bin:/usr/local/bin',
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    // The store may belong to another user; nothing of its configuration is run by these commands.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  };
  const options = {
    env,
    extendEnv: false,
    encoding: 'buffer',
    maxBuffer: MOST_BYTES,
    stripFinalNewline: false,
  } as const;
  const argv = ['--no-replace-objects', `--git-dir=${gitDir}`, ...args];
  const done = await execa('git', argv, { ...options, ...(input === undefined ? {} : { input }) }).catch(
    (cause: unknown) => {
      throw new AbideError('git-failed', `git ${args[0] ?? ''} failed on the build's commit`, { cause });
    },
  );
  return Buffer.from(done.stdout);
}
