// SPDX-License-Identifier: MIT
// Runs steps in a throwaway VM with rxe: resumed from a saved guest, else booted. The guest sees the payload and nothing else of the
// host, has no network, and is gone when `runGuest` ends, however it ends. Call it from the main thread (see vm/machine.ts).
import { rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AbideError } from '../errors.ts';
import type { Step } from '../model/run.ts';
import { buildImage } from './vm/image.ts';
import { askKvm, type KvmAnswer } from './vm/kvm.ts';
import type { Accel, Machine } from './vm/machine.ts';
import type { KernelPackage } from './vm/modules.ts';
import { makeDisk, type Disk } from './vm/payload.ts';
import { boot, ensureState, resume, statePath, type GuestBase } from './vm/state.ts';
import { judgeSteps, type Ending, type GuestStep } from './vm/steps.ts';
import { within } from './vm/time.ts';

export type { GuestStep } from './vm/steps.ts';

export interface GuestJob {
  /** A folder whose content lands at the guest's root. */
  readonly payload: string;
  readonly steps: readonly GuestStep[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

export interface VmOptions {
  readonly cache: string;
  readonly kernel: KernelPackage;
  readonly memoryMiB?: number;
  readonly accel?: 'auto' | Accel;
  /** False boots anew and keeps nothing: for measuring. */
  readonly resume?: boolean;
}

export interface GuestRun {
  readonly kernel: string;
  readonly accel: Accel;
  /** `boot`, the job's steps, `console`. */
  readonly steps: Step[];
  readonly how: 'resumed' | 'booted';
}

const MEMORY_MIB = 1024;
/** From init's line to the payload's unpacking: a second where nothing else runs. */
const START_SECONDS = 60;
/** What the runner may take for each step beside the step's own time: ending what cannot be killed, and so on. */
const STEP_SLACK = 15;
const CONSOLE_SECONDS = 10;

/** @throws AbideError vm-failed, tool-missing, kernel-unavailable, interrupted; what happens in the steps is in the result */
export async function runGuest(job: GuestJob, o: VmOptions): Promise<GuestRun> {
  throwIfAborted(job.signal);
  const began = Date.now();
  const base = await prepare(o, job.signal);
  const disk = await makeDisk(job.payload, job.steps, base.cache);
  try {
    const { machine, how, consoleFrom } = await start(base, disk, o.resume !== false);
    await using guest = machine;
    const bootSeconds = since(began);
    job.onProgress?.(`guest ${how} with ${o.kernel.version} (${base.accel})`);
    const { ending, seconds } = await follow(guest, job);
    await guest[Symbol.asyncDispose]();
    const ktap = guest.ktap.text();
    const steps = judgeSteps(job.steps, { ktap, console: guest.console.text(consoleFrom), ending, seconds });
    const booted: Step = { name: 'boot', outcome: 'pass', seconds: bootSeconds, cases: [], log: '' };
    throwIfAborted(job.signal);
    return { kernel: o.kernel.version, accel: base.accel, steps: [booted, ...steps], how };
  } catch (error) {
    throwIfAborted(job.signal);
    throw error;
  } finally {
    await disk.handle.close();
  }
}

/** For `doctor`: whether KVM really boots this kernel here. */
export async function probeKvm(o: { cache: string; kernel: KernelPackage }): Promise<KvmAnswer> {
  return askKvm({ dir: join(o.cache, 'vm'), kernel: o.kernel, memoryMiB: MEMORY_MIB });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new AbideError('interrupted', 'interrupted while a guest ran', { cause: signal.reason });
}

function since(began: number): number {
  return (Date.now() - began) / 1000;
}

async function prepare(o: VmOptions, signal: AbortSignal | undefined): Promise<GuestBase> {
  const cache = join(o.cache, 'vm');
  const image = await buildImage(o.kernel, cache);
  const wanted = o.accel ?? 'auto';
  const accel = wanted === 'auto' ? ((await probeKvm(o)).works ? 'kvm' : 'tcg') : wanted;
  return {
    accel,
    cache,
    imageKey: image.key,
    initramfs: image.path,
    memoryMiB: o.memoryMiB ?? MEMORY_MIB,
    vmlinuz: o.kernel.vmlinuz,
    ...(signal === undefined ? {} : { signal }),
  };
}

interface Started {
  readonly machine: Machine;
  readonly how: GuestRun['how'];
  /** Where this run begins on the console. */
  readonly consoleFrom: number;
}

/** A guest that has unpacked its payload. A saved state that does not load, or does not answer, is made anew once. */
async function start(base: GuestBase, disk: Disk, mayResume: boolean): Promise<Started> {
  const path = await statePath(base);
  for (let tries = 0; mayResume && tries < 2; tries++) {
    const kept = await ensureState(path, base).then(
      () => true,
      () => false,
    );
    base.signal?.throwIfAborted();
    // What cannot be saved may still boot; and if not, booting says why.
    if (!kept) break;
    const machine = await resume(path, base, disk.handle.fd);
    if (machine !== undefined && (await handOver(machine, disk))) return { machine, how: 'resumed', consoleFrom: 0 };
    await machine?.[Symbol.asyncDispose]();
    base.signal?.throwIfAborted();
    await rm(path, { force: true });
  }
  // Once more, as a boot under TCG can fail by chance.
  const machine = await boot(base, disk.handle.fd).catch(() => {
    throwIfAborted(base.signal);
    return boot(base, disk.handle.fd);
  });
  const consoleFrom = machine.console.size;
  if (await handOver(machine, disk)) return { machine, how: 'booted', consoleFrom };
  await machine[Symbol.asyncDispose]();
  throw new AbideError('vm-failed', `the guest did not take its payload: ${machine.control.text().slice(-500)}`);
}

/** Lets the guest go on with the payload, the time and new randomness. */
async function handOver(machine: Machine, disk: Disk): Promise<boolean> {
  await machine.qmp.execute('cont').catch(() => undefined);
  const now = Math.floor(Date.now() / 1000);
  machine.tell(`go ${String(disk.blocks)} ${String(now)} ${randomBytes(64).toString('hex')}`);
  const answer = await within(START_SECONDS, machine.control.seen(/^(started|cannot: .*)$/m));
  return answer === true && /^started$/m.test(machine.control.text());
}

/** Watches the steps go by until the guest is through, gone, or late. */
async function follow(machine: Machine, job: GuestJob): Promise<{ ending: Ending; seconds: number[] }> {
  const seconds: number[] = [];
  const allowed = job.steps.reduce((sum, step) => sum + step.timeoutSeconds + STEP_SLACK, STEP_SLACK);
  const through = (async (): Promise<Ending> => {
    let began = Date.now();
    for (const [index, step] of job.steps.entries()) {
      // A result has a line of its own, and it is never the first. After `# stopped` there are no more.
      if (!(await machine.ktap.seen(new RegExp(`\\n(?:(?:not )?ok ${String(index + 1)} |# stopped\n)`)))) return 'gone';
      if (/\n# stopped\n/.test(machine.ktap.text())) break;
      seconds.push(since(began));
      began = Date.now();
      job.onProgress?.(`guest: ${step.name} (${String(index + 1)} of ${String(job.steps.length)})`);
    }
    if (!(await machine.ktap.seen(/\n# (?:done|stopped)\n/))) return 'gone';
    const complete = await within(CONSOLE_SECONDS, machine.console.seen(/abide: end of steps/));
    return complete === true ? 'done' : 'console-behind';
  })();
  const ending = (await within(allowed, through)) ?? 'late';
  return { ending: machine.ktap.flooded || machine.console.flooded ? 'flooded' : ending, seconds };
}
