// SPDX-License-Identifier: MIT
// Makes a machine ready for reviews: host packages, kernel, tree. What is there is left alone, so that a second run costs nothing.
import { stat } from 'node:fs/promises';
import { AbideError } from '../errors.ts';
import { ensureKernel, type KernelPackage } from './kernel.ts';
import { DEBIAN_PACKAGES, installCommand, installPackages, missingPackages, TEST_PACKAGES } from './packages.ts';
import { ensureTree } from './tree.ts';

export interface MachineOptions {
  readonly cache: string;
  /** A repository of the user's own, taken instead of the managed one. */
  readonly tree: string | undefined;
  readonly treeUrl: string;
  /** Also what the tests need. */
  readonly forTests: boolean;
  /** Whether packages may be installed, which root alone can. */
  readonly root: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface Machine {
  readonly kernel: KernelPackage;
  /** For a person: which tree, and where it came from. */
  readonly tree: string;
}

/** Throws an AbideError whose hint is the one command that helps. */
export async function ensureMachine(o: MachineOptions): Promise<Machine> {
  if (process.arch !== 'x64') {
    throw new AbideError('check-unavailable', `Abide's guest is x86-64, this machine is ${process.arch}`, {
      hint: 'run Abide on an x86-64 machine',
    });
  }
  await ensurePackages(o);
  const progress = o.onProgress === undefined ? {} : { onProgress: o.onProgress };
  const tree = await readyTree(o, progress);
  const kernel = await ensureKernel({ cache: o.cache, flavour: 'newest', ...progress });
  return { kernel, tree };
}

async function ensurePackages(o: MachineOptions): Promise<void> {
  const wanted = Object.keys(o.forTests ? { ...DEBIAN_PACKAGES, ...TEST_PACKAGES } : DEBIAN_PACKAGES);
  const absent = await missingPackages(wanted);
  if (absent.length === 0) return;
  if (!o.root) {
    throw new AbideError('tool-missing', `Debian packages are missing: ${absent.join(', ')}`, {
      hint: `run this once, then again what you just ran: sudo sh -c '${installCommand(absent)}'`,
    });
  }
  await installPackages(absent, o.onProgress);
}

async function readyTree(o: MachineOptions, progress: Pick<MachineOptions, 'onProgress'>): Promise<string> {
  if (o.tree !== undefined) {
    await stat(o.tree).catch((cause: unknown) => {
      throw new AbideError('tree-unreadable', `ABIDE_TREE names ${String(o.tree)}, which is not there`, {
        hint: 'point it at a clone of rdma-core, or unset it to use the managed one',
        cause,
      });
    });
    return `${o.tree} (ABIDE_TREE)`;
  }
  const tree = await ensureTree({ cache: o.cache, url: o.treeUrl, ...progress });
  const origin = tree.from === 'clone' ? `clone of ${o.treeUrl}` : "Debian's source package, without history";
  return `rdma-core ${tree.version} (${origin})`;
}
