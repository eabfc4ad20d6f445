// SPDX-License-Identifier: MIT
// Runs one command of a stranger in bubblewrap: no network, no home, no environment, a read-only toolchain, and an end.
// It knows nothing of builds, and never writes what a job made to the host's disk.
import { spawn } from 'node:child_process';
import { chown, readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { AbideError } from '../errors.ts';
import { FD, SANDBOX_UID, sandboxArgv } from './sandbox-argv.ts';
import type { Bind, Limits } from './sandbox-argv.ts';
import { seccompFilter } from './sandbox-seccomp.ts';
import { hostOomKills, look } from './sandbox-watch.ts';
import { Tail } from './sandbox-tail.ts';
import { sanitise } from './sanitise.ts';

export type { Bind, Limits } from './sandbox-argv.ts';

/** `killed`: by the caller's signal, or by somebody on the host. */
export type SandboxOutcome = 'exited' | 'timeout' | 'memory' | 'processes' | 'disk' | 'output' | 'killed';

export interface SandboxJob {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly binds: readonly Bind[];
  readonly limits: Limits;
  readonly env?: Readonly<Record<string, string>>;
  /** A writable, empty folder besides /tmp; a tmpfs that is gone with the job. */
  readonly scratch?: string;
  /** Keep what the job writes to descriptor FD.collect, up to so many MiB: the only way out for bytes. */
  readonly collectMiB?: number;
  readonly signal?: AbortSignal;
  /** Raw pieces of what it prints, as they come. Hostile: sanitise what you show. */
  readonly onOutput?: (piece: Uint8Array) => void;
}

export interface SandboxResult {
  readonly outcome: SandboxOutcome;
  /** Set where the outcome is `exited`. 128 + n where signal n ended it. */
  readonly status: number | undefined;
  /** The tail, sanitised. */
  readonly output: string;
  readonly seconds: number;
  readonly collected: Buffer;
}

const WATCH_MS = 50;
/** The kernel kills a whole namespace in milliseconds; a process in an uninterruptible wait may outlast it. */
const ENDING_MS = 5000;
const MIB = 1024 * 1024;
/** Below this the host itself is in danger, and the job may not be to blame. */
const HOST_FLOOR_MIB = 256;

/** Never throws for anything the job does; AbideError('tool-missing' | 'sandbox-failed') where there is no sandbox to run it in. */
export async function runSandboxed(job: SandboxJob): Promise<SandboxResult> {
  const none = Buffer.alloc(0);
  if (job.signal?.aborted === true)
    return { outcome: 'killed', status: undefined, output: '', seconds: 0, collected: none };
  const started = performance.now();
  const root = process.getuid?.() === 0;
  for (const bind of job.binds) if (root && bind.write === true) await chown(bind.from, SANDBOX_UID, SANDBOX_UID);
  const oomBefore = hostOomKills();
  const running = start(job, sandboxArgv({ ...job, env: job.env ?? {} }, root));
  const timeout = setTimeout(() => running.stop('timeout'), job.limits.seconds * 1000);
  const abort = (): void => running.stop('killed');
  job.signal?.addEventListener('abort', abort);
  const watching = watch(job, running);
  const failure = await running.closed;
  clearTimeout(timeout);
  job.signal?.removeEventListener('abort', abort);
  const hostLow = await watching;

  if (failure !== undefined) {
    throw new AbideError('tool-missing', 'cannot start bwrap', { cause: failure, hint: 'apt-get install bubblewrap' });
  }
  const output = sanitise(running.printed.text());
  const exit = running.exitCode();
  const rest = { output, seconds: (performance.now() - started) / 1000, collected: running.collected.bytes() };
  const killed = exit === 137 || /\bKilled\b|signal 9\b/.test(output);
  if (hostLow || (killed && hostOomKills() > oomBefore)) {
    const hint = 'give it more memory, or run fewer jobs at once';
    throw new AbideError('sandbox-failed', 'this machine ran out of memory while the sandbox was running', { hint });
  }
  const stopped = running.stopped();
  if (stopped !== undefined) return { outcome: stopped, status: undefined, ...rest };
  // Nothing of the job can write there: a word on stderr is bwrap's, setpriv's or prlimit's.
  const words = sanitise(running.said.text(), 500).trim();
  if (words !== '' && exit !== 0) {
    const hint =
      'unprivileged user namespaces must be allowed: sysctl kernel.unprivileged_userns_clone user.max_user_namespaces';
    throw new AbideError('sandbox-failed', `the sandbox did not start: ${words}`, { hint });
  }
  if (exit === undefined) return { outcome: 'killed', status: undefined, ...rest };
  const outcome = classify(exit, output);
  return { outcome, status: outcome === 'exited' ? exit : undefined, ...rest };
}

interface Running {
  /** What the job prints. */
  readonly printed: Tail;
  readonly collected: Tail;
  /** What bwrap and its helpers complain of. */
  readonly said: Tail;
  /** When every process of it is gone; an Error where it never started. */
  readonly closed: Promise<Error | undefined>;
  /** The host's pid of the sandbox's first process, once it is known. */
  init(): number | undefined;
  exitCode(): number | undefined;
  /** Ends all of it; the first reason counts. */
  stop(why: SandboxOutcome): void;
  stopped(): SandboxOutcome | undefined;
}

function start(job: SandboxJob, [command = 'bwrap', ...argv]: string[]): Running {
  const filter = seccompFilter(process.arch);
  if (filter === undefined) throw new AbideError('sandbox-failed', `no system call table for ${process.arch}`);
  const collect = job.collectMiB === undefined ? 'ignore' : 'pipe';
  const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', collect], env, cwd: '/' });

  let why: SandboxOutcome | undefined;
  let init: number | undefined;
  const stop = (reason: SandboxOutcome): void => {
    why ??= reason;
    // The first process of the pid namespace: with it the kernel ends all others, and bwrap returns after they are gone.
    // Before it is known nothing is killed: bwrap dying then leaves its child waiting for it without end.
    if (init !== undefined) kill(init);
  };
  const printed = new Tail(job.limits.outputMiB * MIB, () => stop('output'));
  const collected = new Tail((job.collectMiB ?? 0) * MIB, () => stop('output'), Infinity);
  const said = new Tail(MIB, () => undefined);
  const status = new Tail(MIB, () => undefined);
  const listen = (descriptor: number, hear: (piece: Buffer) => void): void => {
    (child.stdio[descriptor] as Readable | null)?.on('data', hear);
  };
  listen(1, piece => {
    printed.add(piece);
    if (why === undefined) job.onOutput?.(piece);
  });
  listen(2, piece => said.add(piece));
  listen(FD.status, piece => {
    status.add(piece);
    const pid = /"child-pid": *(\d+)/.exec(status.text())?.[1];
    if (pid !== undefined) init = Number(pid);
    if (why !== undefined) stop(why);
  });
  listen(FD.collect, piece => collected.add(piece));
  (child.stdio[FD.seccomp] as Writable | null)?.on('error', () => undefined).end(filter);
  const closed = new Promise<Error | undefined>(resolve => {
    // bwrap hears the exit status before the namespace has ended, and returns: what is left in it dies with it (--die-with-parent), a moment later.
    child.once('close', () => void ended(init).then(() => resolve(undefined))).once('error', resolve);
  });
  const exitCode = (): number | undefined => {
    const code = /"exit-code": *(\d+)/.exec(status.text())?.[1];
    return code === undefined ? undefined : Number(code);
  };
  return { printed, collected, said, closed, init: () => init, exitCode, stop, stopped: () => why };
}

/** Looks until the job is over. True where the host itself ran low. */
async function watch(job: SandboxJob, running: Running): Promise<boolean> {
  const { limits } = job;
  const disk = { scratch: ['/tmp', ...(job.scratch === undefined ? [] : [job.scratch])], mostMiB: limits.diskMiB };
  let over = false;
  let hostLow = false;
  const end = running.closed.then(() => (over = true));
  while (!over) {
    const init = running.init();
    if (init !== undefined && running.stopped() === undefined) {
      const usage = await look(init, disk);
      hostLow ||= usage.hostFreeMiB < HOST_FLOOR_MIB;
      if (usage.residentMiB > limits.memoryMiB || hostLow) running.stop('memory');
      // While some start others end: at the limit one look sees a few less.
      else if (usage.tasks >= 0.9 * limits.processes) running.stop('processes');
      else if (usage.diskFull) running.stop('disk');
    }
    await Promise.race([end, new Promise(resolve => setTimeout(resolve, WATCH_MS))]);
  }
  return hostLow;
}

/** A limit met and left between two looks of the watch shows in the words of the tool that met it. */
function classify(status: number, output: string): SandboxOutcome {
  // A bomb's own shell may give up quietly, and leave the build as if nothing had been tried.
  if (/\bCannot fork\b|\bfork: .*Resource temporarily unavailable/.test(output)) return 'processes';
  if (status === 0) return 'exited';
  if (/No space left on device|File size limit exceeded/.test(output)) return 'disk';
  if (/virtual memory exhausted|out of memory allocating|Cannot allocate memory|std::bad_alloc/.test(output))
    return 'memory';
  return 'exited';
}

/** Waits until a pid namespace is empty: its first process is gone, or a zombie, which it becomes after all others. */
async function ended(init: number | undefined): Promise<void> {
  for (const deadline = performance.now() + ENDING_MS; init !== undefined && performance.now() < deadline;) {
    const stat = await readFile(`/proc/${String(init)}/stat`, 'latin1').catch(() => '');
    if (stat === '' || /^\d+ \(.*\) [ZX] /s.test(stat)) return;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}
