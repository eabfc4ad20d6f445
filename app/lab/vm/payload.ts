// SPDX-License-Identifier: MIT
// The payload disk: a tar of the payload folder and of the plan of steps. Deleted as soon as it is open, so that nothing can be left.
import { mkdir, mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';
import { tool } from './tools.ts';
import type { GuestStep } from './steps.ts';

/** The same for every run: a saved state remembers the size of its disk. Sparse. */
const DISK_MIB = 256;
const BLOCK = 64 * 1024;

export interface Disk {
  readonly handle: FileHandle;
  /** Blocks of 64 KiB that hold the tar. */
  readonly blocks: number;
}

/** A folder in the cache that is gone when `use` ends. */
export async function withScratch<T>(cache: string, use: (dir: string) => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true });
  const dir = await mkdtemp(join(cache, 'run-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @throws AbideError vm-failed where the payload is too big or unreadable */
export async function makeDisk(payload: string, steps: readonly GuestStep[], cache: string): Promise<Disk> {
  return withScratch(cache, async dir => {
    await writePlan(join(dir, 'abide'), steps);
    const path = join(dir, 'disk');
    const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
    const made = await execa(await tool('tar'), ['-cf', path, ...order, '-C', payload, '.', '-C', dir, './abide'], {
      reject: false,
    });
    if (made.exitCode !== 0) {
      throw new AbideError('vm-failed', `the guest's files could not be packed: ${made.stderr}`, { cause: made });
    }
    return openDisk(path);
  });
}

/** A disk with nothing on it, for a guest that is to be saved. */
export async function emptyDisk(cache: string): Promise<Disk> {
  return withScratch(cache, async dir => {
    await writeFile(join(dir, 'disk'), '');
    return openDisk(join(dir, 'disk'));
  });
}

async function openDisk(path: string): Promise<Disk> {
  const writer = await open(path, 'r+');
  try {
    const { size } = await writer.stat();
    if (size > DISK_MIB << 20) {
      throw new AbideError(
        'vm-failed',
        `the guest's files take ${String(size >> 20)} MiB; its disk has ${String(DISK_MIB)}`,
      );
    }
    await writer.truncate(DISK_MIB << 20);
    // QEMU opens it anew under a uid of its own.
    await writer.chmod(0o444);
    return { handle: await open(path, 'r'), blocks: Math.ceil(size / BLOCK) };
  } finally {
    await writer.close();
  }
}

/** The plan as the runner reads it: /abide/plan, and a script for each program of a step. */
export async function writePlan(dir: string, steps: readonly GuestStep[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  const lines = [`echo 1..${String(steps.length)} >&3`];
  for (const [index, step] of steps.entries()) {
    const number = String(index + 1);
    await writeFile(join(dir, `${number}.client`), script(step.argv));
    if (step.server !== undefined) await writeFile(join(dir, `${number}.server`), script(step.server));
    const seconds = String(Math.max(1, Math.ceil(step.timeoutSeconds)));
    lines.push(`step ${number} ${quote(ktapName(step.name))} ${seconds} ${step.ktap ? 'ktap' : 'plain'}`);
  }
  await writeFile(join(dir, 'plan'), `${lines.join('\n')}\n`);
}

/** In KTAP a `#` would begin a directive. */
export function ktapName(name: string): string {
  return name.replace(/[\s#\p{Cc}]+/gu, ' ').trim();
}

// 125 is the runner's word for "not there"; a shell's own 127 would be ld.so's too.
function script(argv: readonly string[]): string {
  const [program = ''] = argv;
  return `command -v ${quote(program)} >/dev/null || exit 125\nexec ${argv.map(quote).join(' ')}\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
