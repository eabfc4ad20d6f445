// SPDX-License-Identifier: MIT
// The composition root: the only file that reads the environment, and the only one that binds the parts to this machine.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readConfig, type Config } from './config.ts';
import { AbideError } from './errors.ts';
import { loadParsers } from './abi/index.ts';
import { buildBase, buildSeries } from './lab/build.ts';
import { ODP_PLAN } from './lab/plan.ts';
import { runSandboxed } from './lab/sandbox.ts';
import { probeKvm, runGuest } from './lab/vm.ts';
import type { Answer, DoctorOptions } from './doctor.ts';
import type { Lab } from './pipeline.ts';
import { findKernel, type KernelPackage } from './provision/kernel.ts';
import { findTree } from './provision/tree.ts';
import { openTree, type Tree } from './trees/index.ts';

export interface App {
  readonly config: Config;
  readonly signal: AbortSignal;
  /** A line for a person who waits; goes nowhere unless stderr is a terminal. */
  readonly progress: (line: string) => void;
  /** `--tree`, else ABIDE_TREE, else the managed tree. */
  openTree(dir: string | undefined): Promise<Tree>;
  /** Fails at once where a guest is wanted and there is no kernel, rather than after the build. */
  lab(tree: Tree, wants: { guest: boolean }): Promise<Lab>;
  doctorOptions(): DoctorOptions;
}

const nativeCheckDir = fileURLToPath(new URL('../native-check', import.meta.url));

/** @throws AbideError `config-invalid` */
export function compose(signal: AbortSignal): App {
  const config = readConfig(process.env, { stdoutIsTty: process.stdout.isTTY });
  const progress = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  };
  return {
    config,
    signal,
    progress,
    openTree: async dir => {
      const chosen = dir ?? config.tree ?? (await findTree(config.cache))?.dir;
      if (chosen === undefined) {
        throw new AbideError('tree-unreadable', 'no rdma-core tree to review against', {
          hint: 'name one with --tree DIR, or run npm start, which gets one',
        });
      }
      return openTree({ dir: chosen, cache: config.cache });
    },
    lab: async (tree, wants) => {
      if (wants.guest) await kernel(config);
      return bindLab(tree, { config, signal, progress });
    },
    doctorOptions: () => ({
      cache: config.cache,
      tree: config.tree,
      root: process.getuid?.() === 0,
      probeKvm: guestKernel => probeKvm({ cache: config.cache, kernel: guestKernel }),
      trySandbox,
    }),
  };
}

async function kernel(config: Config): Promise<KernelPackage> {
  const found = await findKernel(config.cache, 'newest');
  if (found) return found;
  throw new AbideError('kernel-unavailable', `no kernel for the guests in ${config.cache}`, {
    hint: 'run ./abide setup (or npm start), which fetches one from Debian; or leave the odp check out with --checks rules,apply,build',
  });
}

/** Its ping-pongs spin on both. */
const CPUS_OF_A_GUEST = 2;

/** One after another where asked: two guests that share the CPUs of one take more than twice as long (measured on two: 14 s against 7 s). */
function inTurn<A, R>(asked: boolean, work: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  if (!asked) return work;
  let last: Promise<unknown> = Promise.resolve();
  return argument => {
    const mine = last.then(() => work(argument));
    last = mine.catch(() => undefined);
    return mine;
  };
}

function bindLab(tree: Tree, app: Pick<App, 'config' | 'signal' | 'progress'>): Lab {
  const { config, signal, progress } = app;
  const options = { gitDir: tree.gitDir, cache: config.cache, nativeCheckDir, signal, onProgress: progress };
  return {
    buildBase: commit => buildBase(commit, options),
    buildSeries: (applied, series) => buildSeries(applied, series, options),
    runGuest: inTurn(availableParallelism() < 2 * CPUS_OF_A_GUEST, async (payload: string) =>
      runGuest(
        { payload, steps: [...ODP_PLAN], signal, onProgress: progress },
        { cache: config.cache, kernel: await kernel(config), accel: config.accel },
      ),
    ),
  };
}

/** The sandbox the builds use, with nothing in it. */
async function trySandbox(): Promise<Answer> {
  const limits = { seconds: 10, memoryMiB: 64, processes: 8, outputMiB: 1, diskMiB: 1 };
  const { outcome, status, output } = await runSandboxed({ argv: ['true'], cwd: '/', binds: [], limits });
  const works = outcome === 'exited' && status === 0;
  return { works, why: works ? 'ran true in it' : `true in it: ${outcome} ${status ?? ''} ${output}`.trim() };
}

export { loadParsers };
