// SPDX-License-Identifier: MIT
// Runs one command of a stranger in bubblewrap: no network, no home, no environment, a read-only toolchain, and an end.
// It knows nothing of builds, and never writes what a job made to the host's disk.
import { spawn } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Readable, Writable } from 'node:stream';
import { AbideError } from '../errors.ts';
import { FD, SANDBOX_UID, sandboxArgv } from './sandbox-argv.ts';
import type { Bind, Limits } from './sandbox-argv.ts';
import { seccompFilter } from './sandbox-seccomp.ts';
import { hostOomKills, look } from './sandbox-watch.ts';
import { LOG_TAIL, sanitise } from './sanitise.ts';

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
const MIB = 1024 * 1024;
/** Below this the host itself is in danger, and the job may not be to blame. */
const HOST_FLOOR_MIB = 256;
const LOW = 'this machine ran out of memory while the sandbox was running';
const LOW_HINT = 'give it more memory, or run fewer jobs at once';

/** Never throws for anything the job does; AbideError('tool-missing' | 'sandbox-failed') where there is no sandbox to run it in. */
export async function runSandboxed(job: SandboxJob): Promise<SandboxResult> {
  if (job.signal?.aborted === true)
    return { outcome: 'killed', status: undefined, output: '', seconds: 0, collected: Buffer.alloc(0) };
  const started = performance.now();
  const root = process.getuid?.() === 0;
  for (const bind of job.binds) if (root && bind.write === true) await chown(bind.from, SANDBOX_UID, SANDBOX_UID);
  const filter = seccompFilter(process.arch);
  if (filter === undefined) throw new AbideError('sandbox-failed', `no system call table for ${process.arch}`);
  const [command = 'bwrap', ...argv] = sandboxArgv({ ...job, env: job.env ?? {} }, root);
  const oomBefore = hostOomKills();
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', job.collectMiB === undefined ? 'ignore' : 'pipe'] as const;
  const child = spawn(command, argv, { stdio: [...stdio], env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' }, cwd: '/' });

  let stopped: SandboxOutcome | undefined;
  let init: number | undefined;
  const stop = (outcome: SandboxOutcome): void => {
    stopped ??= outcome;
    // The first process of the pid namespace: with it the kernel ends all others, and bwrap returns after they are gone.
    // Before it is known nothing is killed: bwrap dying then leaves its child waiting for it without end.
    if (init !== undefined) kill(init);
  };

  const printed = new Tail(job.limits.outputMiB * MIB, () => stop('output'));
  const collected = new Tail((job.collectMiB ?? 0) * MIB, () => stop('output'), Infinity);
  const said = new Tail(MIB, () => undefined);
  const status = new Tail(MIB, () => undefined);
  const streams = child.stdio as unknown as (Readable | null)[];
  streams[1]?.on('data', (piece: Buffer) => {
    printed.add(piece);
    if (stopped === undefined) job.onOutput?.(piece);
  });
  streams[2]?.on('data', (piece: Buffer) => said.add(piece));
  streams[FD.status]?.on('data', (piece: Buffer) => {
    status.add(piece);
    init ??= Number(/"child-pid": *(\d+)/.exec(status.text())?.[1] ?? NaN) || undefined;
    if (init !== undefined && stopped !== undefined) kill(init);
  });
  streams[FD.collect]?.on('data', (piece: Buffer) => collected.add(piece));
  const seccomp = child.stdio[FD.seccomp] as Writable | null;
  seccomp?.on('error', () => undefined).end(filter);

  const timeout = setTimeout(() => stop('timeout'), job.limits.seconds * 1000);
  const abort = (): void => stop('killed');
  job.signal?.addEventListener('abort', abort);
  const closed = new Promise<unknown>(resolve => child.once('close', resolve).once('error', resolve));
  let over = false;
  let hostLow = false;
  const watch = async (): Promise<void> => {
    const scratch = ['/tmp', ...(job.scratch === undefined ? [] : [job.scratch])];
    while (!over) {
      if (init !== undefined && stopped === undefined) {
        const usage = await look(init, { scratch, mostMiB: job.limits.diskMiB });
        hostLow ||= usage.hostFreeMiB < HOST_FLOOR_MIB;
        if (usage.residentMiB > job.limits.memoryMiB || hostLow) stop('memory');
        // While some start others end: at the limit one look sees a few less.
        else if (usage.tasks >= 0.9 * job.limits.processes) stop('processes');
        else if (usage.diskFull) stop('disk');
      }
      await new Promise(resolve => setTimeout(resolve, WATCH_MS));
    }
  };
  const watching = watch();
  const failure = await closed;
  over = true;
  clearTimeout(timeout);
  job.signal?.removeEventListener('abort', abort);
  await watching;

  if (failure instanceof Error) {
    throw new AbideError('tool-missing', `cannot start ${command}`, {
      cause: failure,
      hint: 'apt-get install bubblewrap',
    });
  }
  const output = sanitise(printed.text());
  const seconds = (performance.now() - started) / 1000;
  const exit = /"exit-code": *(\d+)/.exec(status.text())?.[1];
  const rest = { output, seconds, collected: collected.bytes() };
  if (hostLow) throw new AbideError('sandbox-failed', LOW, { hint: LOW_HINT });
  if (stopped !== undefined) return { outcome: stopped, status: undefined, ...rest };
  // Nothing of the job can write there: a word on stderr is bwrap's, setpriv's or prlimit's.
  if (said.text() !== '' && exit !== '0') {
    throw new AbideError('sandbox-failed', `the sandbox did not start: ${sanitise(said.text(), 500).trim()}`, {
      hint: 'unprivileged user namespaces must be allowed: sysctl kernel.unprivileged_userns_clone user.max_user_namespaces',
    });
  }
  if (exit === undefined) return { outcome: 'killed', status: undefined, ...rest };
  const killed = Number(exit) === 137 || /\bKilled\b|signal 9\b/.test(output);
  if (killed && hostOomKills() > oomBefore) throw new AbideError('sandbox-failed', LOW, { hint: LOW_HINT });
  const ended = classify(Number(exit), output);
  return { outcome: ended, status: ended === 'exited' ? Number(exit) : undefined, ...rest };
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

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

/** Bytes of a stream: all counted, the last ones kept. */
class Tail {
  readonly #limit: number;
  readonly #full: () => void;
  readonly #keep: number;
  #pieces: Buffer[] = [];
  #kept = 0;
  #seen = 0;

  constructor(limit: number, full: () => void, keep: number = 4 * LOG_TAIL) {
    this.#limit = limit;
    this.#full = full;
    this.#keep = keep;
  }

  add(piece: Buffer): void {
    this.#seen += piece.length;
    if (this.#seen > this.#limit) this.#full();
    else if (this.#keep === Infinity || piece.length > 0) this.#push(piece);
  }

  #push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#kept += piece.length;
    while (this.#kept - (this.#pieces[0]?.length ?? 0) > this.#keep) this.#kept -= this.#pieces.shift()?.length ?? 0;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}
