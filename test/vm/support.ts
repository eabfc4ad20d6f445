// SPDX-License-Identifier: MIT
// For the VM tests: small payloads of shell scripts, and the real kernel of the user's cache. Nothing here pretends to be a guest.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Step } from '../../app/model/run.ts';
import { runGuest, type GuestJob, type GuestRun, type GuestStep, type VmOptions } from '../../app/lab/vm.ts';
import { ensureKernel, type KernelFlavour, type KernelPackage } from '../../app/provision/kernel.ts';
import { cacheDir } from '../support/env.ts';

export function kernel(flavour: KernelFlavour): Promise<KernelPackage> {
  return ensureKernel({ cache: cacheDir, flavour });
}

/** A cache of its own, so that a test may damage it. */
export class Lab implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'abide-vm-test-'));
  readonly payload = join(this.dir, 'payload');
  readonly cache = join(this.dir, 'cache');

  constructor() {
    mkdirSync(this.payload);
    // QEMU reads as another user; a temporary folder is closed to it, and must not matter.
    execFileSync('chmod', ['700', this.dir]);
  }

  states(): string[] {
    const vm = join(this.cache, 'vm');
    return readdirSync(vm)
      .filter(name => name.startsWith('state-'))
      .map(name => join(vm, name));
  }

  async run(steps: readonly GuestStep[], options: Partial<GuestJob & VmOptions> = {}): Promise<GuestRun> {
    const { signal, onProgress, ...vm } = options;
    const job = { payload: this.payload, steps, ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
    return runGuest(job, { cache: this.cache, kernel: await kernel('newest'), accel: 'tcg', ...vm });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function sh(name: string, script: string, options: Partial<GuestStep> = {}): GuestStep {
  return { name, argv: ['sh', '-c', script], timeoutSeconds: 20, ktap: false, ...options };
}

export function step(run: GuestRun, name: string): Step {
  const found = run.steps.find(one => one.name === name);
  if (found === undefined) throw new Error(`no step ${name} in ${run.steps.map(one => one.name).join(', ')}`);
  return found;
}

export function words(run: GuestRun): string[] {
  return run.steps.map(({ name, outcome, reason }) => `${name} ${outcome}${reason === undefined ? '' : `: ${reason}`}`);
}

/** Processes of this machine that `pid` started, and what they started. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${name}/status`))?.[1] ?? -1);
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
  }
  const under = (one: number): number[] => (parents.get(one) ?? []).flatMap(child => [child, ...under(child)]);
  return under(pid);
}

export function commandOf(pid: number): string {
  return read(`/proc/${String(pid)}/cmdline`).replaceAll('\0', ' ');
}

export function effectiveUid(pid: number): number {
  return Number(/^Uid:\s*\d+\s+(\d+)/m.exec(read(`/proc/${String(pid)}/status`))?.[1] ?? -1);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}
