// SPDX-License-Identifier: MIT
// Throwaway work trees. One starts empty with its index at a commit: git writes only the files that a patch touches, and no file of the tree
// is ever run. It goes away on dispose; what a killed run left behind goes at the next open.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { copyCommit } from './copies.ts';
import { gitText, type Place } from './git.ts';
import type { Store } from './store.ts';

export interface WorkTree extends Place, AsyncDisposable {
  /** A folder beside it for mails. */
  readonly desk: string;
  /** Index and HEAD at `commit`, nothing of a failed `git am` left. */
  reset(commit: string): Promise<void>;
}

export async function openWorkTree(store: Store, commit: string): Promise<WorkTree> {
  const name = `${await owner()}.${randomBytes(6).toString('hex')}`;
  const home = join(store.work, name);
  // git names the administrative folder after the work tree's last part, so that part is unique.
  const cwd = join(home, name);
  const admin = join(store.made.cwd, 'worktrees', name);
  const place = { cwd, home: store.home };
  const dispose = async (): Promise<void> => {
    await remove(home);
    await rm(admin, { recursive: true, force: true });
  };
  try {
    await mkdir(home);
    await copyCommit(store, commit);
    await gitText(store.made, ['worktree', 'add', '--no-checkout', '--detach', '--', cwd, commit]);
    await gitText(place, ['read-tree', commit]);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    ...place,
    desk: home,
    async reset(to) {
      await rm(join(admin, 'rebase-apply'), { recursive: true, force: true });
      for (const entry of await readdir(cwd)) {
        if (entry !== '.git') await remove(join(cwd, entry));
      }
      await gitText(place, ['update-ref', '--no-deref', 'HEAD', to]);
      await gitText(place, ['read-tree', '--reset', to]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** A patch may nest folders until no path names them: Node's rm goes by whole paths and gives up (ENAMETOOLONG), rm(1) goes step by step. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENAMETOOLONG') throw error;
    await execa('rm', ['-rf', '--', path]);
  });
}

/** Removes the work trees of processes that are gone. */
export async function sweep(store: Store): Promise<void> {
  for (const name of await readdir(store.work).catch(() => [])) {
    if (await alive(name, join(store.work, name))) continue;
    await remove(join(store.work, name));
    await rm(join(store.made.cwd, 'worktrees', name), { recursive: true, force: true });
  }
}

/** `PID-START-SPACE`: the process, when it started (proc(5), field 22: a pid is reused, a pair is not), and its pid namespace with the boot. */
async function owner(): Promise<string> {
  return `${process.pid}-${(await started(process.pid)) ?? 0}-${await space()}`;
}

async function alive(name: string, path: string): Promise<boolean> {
  const match = /^(\d+)-(\d+)-([0-9a-z]+)\./.exec(name);
  if (match === null) return false;
  // Another container's process cannot be seen from here: a day is more than any run takes.
  if (match[3] !== (await space())) {
    const made = await stat(path).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs < 24 * 3600 * 1000;
  }
  return (await started(Number(match[1]))) === match[2];
}

async function started(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in brackets may hold anything, also a bracket.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

async function space(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'noboot');
  const pids = await readlink('/proc/self/ns/pid').catch(() => 'nopids');
  return `${boot.replace(/[^0-9a-f]/g, '').slice(0, 8)}${/\d+/.exec(pids)?.[0] ?? '0'}`;
}
