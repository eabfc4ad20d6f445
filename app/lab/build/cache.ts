// SPDX-License-Identifier: MIT
// Folders of the build cache: finished bases, payloads, compiler results, and scratch that is gone afterwards. It knows no build.
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

export interface Cache {
  readonly bases: string;
  readonly payloads: string;
  readonly ccache: string;
  readonly scratch: string;
}

const DAY = 24 * 3600 * 1000;
/** A base is 50 MB, a payload half of one. */
const KEEP = { bases: 6, payloads: 40 };

export async function openCache(cache: string): Promise<Cache> {
  const root = join(cache, 'builds');
  const folders = {
    bases: join(root, 'base'),
    payloads: join(root, 'payload'),
    ccache: join(root, 'ccache'),
    scratch: join(root, 'tmp'),
  };
  for (const dir of Object.values(folders)) await mkdir(dir, { recursive: true });
  // Left by a process that was killed.
  await prune(folders.scratch, { keep: 0, age: DAY });
  return folders;
}

/** A folder of one's own that goes with the scope. */
export async function scratch(cache: Cache): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(cache.scratch, 'build-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** Moves a finished folder to its place at once; where another process was faster, theirs stays, for it is equal. */
export async function publish(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    await rm(from, { recursive: true, force: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

export async function pruneCache(cache: Cache): Promise<void> {
  await prune(cache.bases, { keep: KEEP.bases, age: DAY });
  await prune(cache.payloads, { keep: KEEP.payloads, age: DAY });
}

/** Removes all but the newest `keep`, and never one younger than `age`: it may be in use. */
async function prune(dir: string, { keep, age }: { keep: number; age: number }): Promise<void> {
  const found: { path: string; time: number }[] = [];
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined) found.push({ path, time: info.mtimeMs });
  }
  found.sort((a, b) => b.time - a.time);
  for (const { path, time } of found.slice(keep)) {
    if (Date.now() - time > age) await rm(path, { recursive: true, force: true });
  }
}
