// SPDX-License-Identifier: MIT
// The resumed guest, from start to the verdict of an ODP ping-pong and of all of native-check, beside the same kernel booting to
// power-off and beside virtme-ng running `true` on it, all in one run. It measures and prints nothing.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildBase } from '../app/lab/build.ts';
import { ODP_PLAN } from '../app/lab/plan.ts';
import { buildBareImage } from '../app/lab/vm/image.ts';
import { startMachine } from '../app/lab/vm/machine.ts';
import { emptyDisk } from '../app/lab/vm/payload.ts';
import { probeKvm, runGuest, type GuestStep } from '../app/lab/vm.ts';
import { aptFetch } from '../app/provision/apt.ts';
import { ensureKernel, type KernelPackage } from '../app/provision/kernel.ts';
import { cacheDir, treeDir } from '../test/support/env.ts';

const ROUNDS = 3;
const MEMORY_MIB = 1024;
// virtme-ng and the modules of Python that it wants beside what Debian 12 has.
const VIRTME = [
  'virtme-ng',
  'python3-argcomplete',
  'python3-requests',
  'python3-urllib3',
  'python3-idna',
  'python3-certifi',
];

export interface VmRow {
  readonly name: string;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
}

/** Seconds, as medians of rounds in turn, so that a busy minute of the machine hits both sides. */
export async function benchVm(): Promise<VmRow[]> {
  const kernel = await ensureKernel({ cache: cacheDir, flavour: 'newest' });
  const payload = await buildPayload();
  const plan = (name: string): GuestStep[] => ODP_PLAN.filter(step => step.name === name);
  const verdict = (steps: GuestStep[]) => () => secondsOfVerdict(payload, steps, kernel);
  // Not measured: the guest is saved by the first.
  await verdict(plan('ibv_rc_pingpong -o'))();

  const pingPong: number[] = [];
  const nativeCheck: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pingPong.push(await verdict(plan('ibv_rc_pingpong -o'))());
    bare.push(await bareBoot(kernel));
    nativeCheck.push(await verdict(plan('native-check'))());
  }
  const virtme = [await virtmeTrue(kernel), await virtmeTrue(kernel)];
  return [
    row('resumed guest to ODP ping-pong verdict, against a bare boot to power-off, seconds', pingPong, bare),
    row('resumed guest to ODP ping-pong verdict, against virtme-ng running true, seconds', pingPong, virtme),
    row('resumed guest to the verdict of all of native-check, against a bare boot, seconds', nativeCheck, bare),
    row(
      'resumed guest to the verdict of all of native-check, against virtme-ng running true, seconds',
      nativeCheck,
      virtme,
    ),
  ];
}

/** Median seconds of the newest kernel from QEMU's start to power-off with an init that does nothing else. */
export async function secondsOfBareBoot(): Promise<number> {
  const kernel = await ensureKernel({ cache: cacheDir, flavour: 'newest' });
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) seconds.push(await bareBoot(kernel));
  return median(seconds);
}

async function buildPayload(): Promise<string> {
  const git = (...args: string[]): string => execFileSync('git', ['-C', treeDir, ...args], { encoding: 'utf8' }).trim();
  const { built, steps } = await buildBase(git('rev-parse', 'HEAD'), {
    gitDir: git('rev-parse', '--absolute-git-dir'),
    cache: cacheDir,
    nativeCheckDir: new URL('../native-check', import.meta.url).pathname,
  });
  if (built === undefined) throw new Error(`the tree does not build: ${steps.at(-1)?.reason ?? ''}`);
  return built.payload;
}

async function secondsOfVerdict(payload: string, steps: GuestStep[], kernel: KernelPackage): Promise<number> {
  const began = performance.now();
  const run = await runGuest({ payload, steps }, { cache: cacheDir, kernel, memoryMiB: MEMORY_MIB });
  const bad = run.steps.find(step => step.outcome !== 'pass');
  if (bad !== undefined) throw new Error(`${bad.name} ended with ${bad.outcome}: ${bad.reason ?? ''}`);
  return since(began);
}

async function bareBoot(kernel: KernelPackage): Promise<number> {
  const cache = join(cacheDir, 'vm');
  const image = await buildBareImage('#!/bin/busybox sh\nexec /bin/busybox poweroff -f\n', cache);
  const accel = (await probeKvm({ cache: cacheDir, kernel })).works ? 'kvm' : 'tcg';
  const disk = await emptyDisk(cache);
  try {
    const began = performance.now();
    await using machine = await startMachine({
      accel,
      memoryMiB: MEMORY_MIB,
      vmlinuz: kernel.vmlinuz,
      initramfs: image.path,
      disk: disk.handle.fd,
    });
    await machine.ended;
    if (!/reboot: Power down|^\s*$/.test(machine.console.text())) throw new Error(machine.console.text());
    return since(began);
  } finally {
    await disk.handle.close();
  }
}

/** Its boot can fail by chance under TCG, as ours can (docs/decisions/0055): a run that did not run true is no measurement. */
async function virtmeTrue(kernel: KernelPackage): Promise<number> {
  return virtmeOnce(kernel).catch(() => virtmeOnce(kernel));
}

async function virtmeOnce(kernel: KernelPackage): Promise<number> {
  const dir = join(cacheDir, 'virtme-ng');
  if (!existsSync(dir)) await aptFetch({ cache: cacheDir, suites: ['sid'], packages: VIRTME, into: dir });
  const kvm = (await probeKvm({ cache: cacheDir, kernel })).works ? [] : ['--disable-kvm'];
  const size = ['--cpus', '2', '--memory', `${String(MEMORY_MIB)}M`];
  const began = performance.now();
  const bin = join(dir, 'usr/bin');
  const argv = ['-W', 'ignore', join(bin, 'vng'), '-v', ...kvm, ...size, '--run', kernel.vmlinuz, '--', 'true'];
  const { all } = await execa('python3', argv, {
    // It starts its own virtme-run, which it looks for in PATH.
    env: {
      PATH: `${bin}:/usr/bin:/bin:/usr/sbin:/sbin`,
      PYTHONPATH: join(dir, 'usr/lib/python3/dist-packages'),
      HOME: dir,
    },
    extendEnv: false,
    stdin: 'ignore',
    timeout: 300_000,
    reject: false,
    all: true,
  });
  // Its own exit status is 255 even for true where the host has no udevd, so the console is asked; -v costs no time that shows.
  if (!/virtme-init: script returned \{0\}/.test(all))
    throw new Error(`virtme-ng did not run true: ${all.slice(-2000)}`);
  return since(began);
}

function row(name: string, ours: readonly number[], baseline: readonly number[]): VmRow {
  return { name, ours: median(ours), baseline: median(baseline), ratio: median(ours) / median(baseline) };
}

function median(seconds: readonly number[]): number {
  return seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? Number.NaN;
}

function since(began: number): number {
  return (performance.now() - began) / 1000;
}
