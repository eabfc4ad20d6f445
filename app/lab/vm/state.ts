// SPDX-License-Identifier: MIT
// A booted guest, kept in a file and resumed: boot once, save where init waits for its line, and start every run from there.
// Two processes may make the same state at once: each writes a file of its own, and a rename puts it in its place.
import { createHash, randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';
import { hardware, startMachine, type Machine, type MachineOptions } from './machine.ts';
import { emptyDisk, withScratch } from './payload.ts';
import { pause, within } from './time.ts';
import { identity, tool } from './tools.ts';

/** What a guest is made of, apart from its disk. */
export interface GuestBase extends Omit<MachineOptions, 'disk' | 'incoming' | 'maySave'> {
  readonly cache: string;
  /** Of the image, which holds init and the kernel's modules. */
  readonly imageKey: string;
}

const BOOT_SECONDS = 120;
const SAVE_SECONDS = 120;
const LOAD_SECONDS = 60;
/** States kept: two kernels, with and without a change of ours or QEMU's. */
const KEEP = 4;

/** The file's name says all that must be equal: QEMU, its arguments, the host's CPU (`-cpu max` shows it), kernel and image. */
export async function statePath(base: GuestBase): Promise<string> {
  const key = createHash('sha256');
  const files = await identity([await tool('qemu-system-x86_64'), base.vmlinuz]);
  for (const part of [files, ...hardware(base), arch(), await hostCpu(), base.imageKey]) key.update(`${part}\0`);
  return join(base.cache, `state-${key.digest('hex').slice(0, 24)}.zst`);
}

/** Model and flags: a state of a CPU with other flags does not load, or worse, does. */
export async function hostCpu(): Promise<string> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return `${cpus()[0]?.model ?? ''}\n${/^flags\s*:.*$/m.exec(info)?.[0] ?? ''}`;
}

/** Boots until init waits for its line. @throws AbideError vm-failed with the console's last words */
export async function boot(base: GuestBase, disk: number, maySave = false): Promise<Machine> {
  const machine = await startMachine({ ...base, disk, maySave });
  try {
    const ready = await within(BOOT_SECONDS, machine.control.seen(/^(ready|cannot: .*)$/m));
    if (ready !== true || !machine.control.text().startsWith('ready\n')) throw bootError(machine, ready === undefined);
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

function bootError(machine: Machine, late: boolean): AbideError {
  const said = [machine.stderr, machine.control, machine.console]
    .map(c => c.text().trim().slice(-2000))
    .filter(Boolean);
  const how = late ? `did not come up in ${String(BOOT_SECONDS)} s` : 'ended while it booted';
  return new AbideError('vm-failed', `the guest ${how}${said.length > 0 ? `: ${said.join('\n')}` : ''}`, {
    hint: '`abide doctor` says what this machine can do',
  });
}

interface Saving {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

const saving = new Map<string, Saving>();

/** Makes the state unless it is there. Runs of one process that need the same state wait for one boot, which ends with the last. */
export async function ensureState(path: string, base: GuestBase): Promise<void> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there) return;
  const stop = new AbortController();
  const job = saving.get(path) ?? { done: save(path, { ...base, signal: stop.signal }), stop, waiting: 0 };
  saving.set(path, job);
  job.waiting++;
  const leave = (): void => {
    if (--job.waiting === 0) job.stop.abort();
  };
  base.signal?.addEventListener('abort', leave, { once: true });
  try {
    await job.done;
  } finally {
    base.signal?.removeEventListener('abort', leave);
    saving.delete(path);
  }
}

async function save(path: string, base: GuestBase): Promise<void> {
  await mkdir(base.cache, { recursive: true });
  await prune(base.cache);
  const zstd = await tool('zstd');
  const partial = `${path}.${randomUUID()}.tmp`;
  const disk = await emptyDisk(base.cache);
  try {
    await using machine = await boot(base, disk.handle.fd, true);
    await machine.qmp.execute('stop');
    const quoted = `'${partial.replaceAll("'", "'\\''")}'`;
    await machine.qmp.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
    await machine.qmp.execute('migrate', { uri: `exec:${zstd} -1 -q -c > ${quoted}` });
    const saved = await within(SAVE_SECONDS, migrated(machine));
    if (saved !== true) throw new AbideError('vm-failed', `the booted guest could not be saved to ${partial}`);
    await machine.qmp.execute('quit').catch(() => undefined);
    await within(10, machine.ended);
    // Whole, says zstd's checksum; a full disk would show here.
    await execa(zstd, ['-t', '-q', '--', partial]);
    await rename(partial, path);
  } finally {
    await disk.handle.close();
    await rm(partial, { force: true });
  }
}

async function migrated(machine: Machine): Promise<boolean> {
  for (;;) {
    const answer = (await machine.qmp.execute('query-migrate')) as { status?: string };
    if (answer.status === 'completed') return true;
    if (answer.status === 'failed' || answer.status === 'cancelled') return false;
    await pause(20);
  }
}

/** Resumes the state with `disk`. Undefined where it does not load: then it is of no use to anybody. */
export async function resume(path: string, base: GuestBase, disk: number): Promise<Machine | undefined> {
  const { reader, writer } = await pipe(base.cache);
  const unpacking = spawn(await tool('zstd'), ['-dc', '-q', '--', path], { stdio: ['ignore', writer, 'ignore'] });
  const unpacked = new Promise<boolean>(resolve => {
    unpacking.once('error', () => resolve(false));
    unpacking.once('close', status => resolve(status === 0));
  });
  let machine: Machine;
  try {
    machine = await startMachine({ ...base, disk, incoming: reader });
  } finally {
    closeSync(reader);
    closeSync(writer);
  }
  // A damaged file shows as zstd's failure, however much of it QEMU took.
  const loading = unpacked.then(whole => whole && arrived(machine));
  if ((await within(LOAD_SECONDS, loading).catch(() => false)) === true) {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return machine;
  }
  unpacking.kill('SIGKILL');
  await machine[Symbol.asyncDispose]();
  return undefined;
}

async function arrived(machine: Machine): Promise<boolean> {
  for (;;) {
    const { status } = (await machine.qmp.execute('query-status')) as { status?: string };
    if (status !== 'inmigrate') return status === 'paused' || status === 'prelaunch';
    await pause(10);
  }
}

/** Both ends of a pipe, in blocking mode, for two children: Node has no call for it, so it goes by a named one. */
async function pipe(cache: string): Promise<{ reader: number; writer: number }> {
  return withScratch(cache, async dir => {
    const path = join(dir, 'pipe');
    await execa(await tool('mkfifo'), ['--', path]);
    // Opening one end alone would wait for the other.
    const both = openSync(path, constants.O_RDWR);
    try {
      return { reader: openSync(path, constants.O_RDONLY), writer: openSync(path, constants.O_WRONLY) };
    } finally {
      closeSync(both);
    }
  });
}

/** Removes the oldest states, and what killed processes left. */
async function prune(cache: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(cache)).map(async name => {
      const path = join(cache, name);
      return { name, path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const hourAgo = Date.now() - 3_600_000;
  const stale = files.filter(f => (f.name.startsWith('run-') || f.name.endsWith('.tmp')) && f.time < hourAgo);
  const kept = [/^state-.*\.zst$/, /^image-.*\.zst$/, /^image-.*\.key$/, /^kvm-.*\.json$/];
  const old = kept.flatMap(kind =>
    files
      .filter(f => kind.test(f.name))
      .sort((a, b) => b.time - a.time)
      .slice(KEEP),
  );
  await Promise.all([...stale, ...old].map(f => rm(f.path, { recursive: true, force: true })));
}
