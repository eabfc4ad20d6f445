// SPDX-License-Identifier: MIT
// Looks at a running sandbox from outside, through /proc: how many processes, how much memory, is a scratch folder full.
// It only reads; whoever asked decides.
import { readFile, statfs } from 'node:fs/promises';
import { readFileSync } from 'node:fs';

export interface Usage {
  /** Processes and threads together. */
  readonly tasks: number;
  readonly residentMiB: number;
  /** A scratch folder has no block, or an absurd number of files. */
  readonly diskFull: boolean;
  /** Memory the host can still give to anybody. */
  readonly hostFreeMiB: number;
}

/** Files cost kernel memory that a tmpfs' size does not count; no build of rdma-core has a hundredth of it. */
const MOST_FILES = 200_000;
const TMPFS = 0x01021994; // linux/magic.h
const MIB = 1024 * 1024;
const PAGE_KIB = 4; // x86-64, and arm64 as Debian builds it

/** `init` is the host's pid of the sandbox's first process: everything inside descends from it, daemons too. */
export async function look(init: number, disk: { scratch: readonly string[]; mostMiB: number }): Promise<Usage> {
  let tasks = 0;
  let pages = 0;
  const queue = [init];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    const [stat, children] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''),
      readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => ''),
    ]);
    // proc(5): the command may hold anything but ends at the last ")"; num_threads is field 20, rss field 24.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    tasks += Number(fields[17] ?? 0);
    pages += Number(fields[21] ?? 0);
    for (const child of children.split(' ')) if (child !== '') queue.push(Number(child));
  }
  const full = await Promise.all(disk.scratch.map(path => isFull(`/proc/${init}/root${path}`, disk.mostMiB)));
  return { tasks, residentMiB: (pages * PAGE_KIB) / 1024, diskFull: full.includes(true), hostFreeMiB: hostFreeMiB() };
}

async function isFull(path: string, mostMiB: number): Promise<boolean> {
  const fs = await statfs(path).catch(() => undefined);
  // At its start the sandbox still has the host's folders, which may hold anything.
  if (fs === undefined || fs.type !== TMPFS || fs.blocks * fs.bsize > (mostMiB + 1) * MIB) return false;
  return fs.bavail === 0 || fs.files - fs.ffree > MOST_FILES;
}

function hostFreeMiB(): number {
  return Number(/^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1] ?? 0) / 1024;
}

/** How often the host's kernel has killed for want of memory, ever. */
export function hostOomKills(): number {
  return Number(/^oom_kill (\d+)/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
}
