// SPDX-License-Identifier: MIT
// Runs one ring of tests in a fixed environment and counts. What a ring leaves behind (files, processes, open handles) is a failure of it.
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

export interface Ring {
  readonly name: string;
  /** Globs for mocha. */
  readonly files: readonly string[];
  readonly ignore: readonly string[];
  /** Only loopback can be reached, where this machine lets us cut the rest off. */
  readonly loopbackOnly: boolean;
  readonly minutes: number;
}

const Counts = z.object({ passed: z.number(), failed: z.number(), skipped: z.number() });
export type Counts = z.infer<typeof Counts>;

export interface RingResult extends Counts {
  /** What is wrong with the ring itself; each is counted as failed. */
  readonly problems: readonly string[];
}

export interface RingOptions {
  /** The checkout: mocha runs there. */
  readonly root: string;
  /** Handed on: PATH and what begins with ABIDE_. Nothing else of the caller's environment reaches a test. */
  readonly env: Readonly<Record<string, string>>;
  /** The user's cache; its `tmp` must hold afterwards what it held before. */
  readonly cache: string;
}

// A ring that has reported but does not end has a handle open.
const GRACE_MS = 15_000;
// What Node and its tools leave in any temporary folder.
const HARMLESS = new Set(['home', 'counts.json', 'node-compile-cache', 'v8-compile-cache-0']);

export async function runRing(ring: Ring, o: RingOptions): Promise<RingResult> {
  const dir = await mkdtemp(join(tmpdir(), `abide-${ring.name}-`));
  const counts = join(dir, 'counts.json');
  const home = join(dir, 'home');
  await mkdir(home);
  const before = new Set(await list(join(o.cache, 'tmp')));
  const problems: string[] = [];
  const mocha = ['node', resolve(o.root, 'node_modules/mocha/bin/mocha.js'), ...ring.files];
  mocha.push(...ring.ignore.flatMap(glob => ['--ignore', glob]));
  mocha.push('--reporter', resolve(import.meta.dirname, 'ring-reporter.ts'), '--reporter-option', `counts=${counts}`);
  const [file = 'node', ...args] = ring.loopbackOnly ? await withoutNetwork(mocha) : mocha;
  const child = execa(file, args, {
    cwd: o.root,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
    extendEnv: false,
    env: {
      ...o.env,
      HOME: home,
      TMPDIR: dir,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
    // A session of its own, so that what it leaves behind can be told from everything else.
    detached: true,
    timeout: ring.minutes * 60_000,
    forceKillAfterDelay: 5000,
  });
  const stop = (): void => {
    child.kill('SIGINT');
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const watch = setInterval(() => {
    if (!existsSync(counts)) return;
    clearInterval(watch);
    setTimeout(() => {
      problems.push('it has reported and does not end: something keeps a handle open');
      child.kill('SIGKILL');
    }, GRACE_MS).unref();
  }, 500);
  const ended = await child;
  clearInterval(watch);
  process.off('SIGINT', stop).off('SIGTERM', stop);

  const text = await readFile(counts, 'utf8').catch(() => undefined);
  const counted = text === undefined ? { passed: 0, failed: 0, skipped: 0 } : Counts.parse(JSON.parse(text));
  if (ended.timedOut) problems.push(`it took longer than ${String(ring.minutes)} minutes`);
  else if (text === undefined) problems.push(`it ended before its tests did (${ended.shortMessage ?? 'no count'})`);
  else if (counted.passed + counted.failed === 0) problems.push('it ran no test');
  else if (ended.failed && counted.failed === 0 && problems.length === 0)
    problems.push(`mocha failed: ${ended.shortMessage}`);
  problems.push(...(await leakedProcesses(child.pid, dir)));
  for (const name of await list(dir)) if (!HARMLESS.has(name)) problems.push(`left behind: ${join(dir, name)}`);
  for (const name of await list(join(o.cache, 'tmp'))) {
    if (!before.has(name)) problems.push(`left behind: ${join(o.cache, 'tmp', name)}`);
  }
  await rm(dir, { recursive: true, force: true });
  return { ...counted, problems };
}

/** The same command in a network namespace that has loopback alone; as it is where this machine allows none. */
async function withoutNetwork(argv: readonly string[]): Promise<string[]> {
  const ways = [
    ['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'],
    ['bwrap', '--dev-bind', '/', '/', '--unshare-net', '--die-with-parent', '--'],
  ];
  for (const way of ways) {
    const [file = '', ...args] = way;
    const tried = await execa(file, [...args, 'true'], { reject: false, stdio: 'ignore' });
    if (!tried.failed) return [...way, ...argv];
  }
  process.stderr.write('  (this machine allows no network namespace: the network is not cut off)\n');
  return [...argv];
}

/** Processes of the ring's session, or working in its folder, that outlived it. They are ended here. */
async function leakedProcesses(session: number | undefined, dir: string): Promise<string[]> {
  const leaked: string[] = [];
  for (const pid of (await list('/proc')).filter(name => /^\d+$/.test(name))) {
    // pid (comm) state ppid pgrp session …; comm may hold spaces and brackets.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, , , itsSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (state === 'Z' || state === undefined) continue;
    if (Number(itsSession) !== session && !cwd.startsWith(`${dir}/`) && cwd !== dir) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').slice(0, 4).join(' ');
    leaked.push(`process left behind: ${words}`);
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
  return leaked;
}

async function list(dir: string): Promise<string[]> {
  return await readdir(dir).catch(() => []);
}
