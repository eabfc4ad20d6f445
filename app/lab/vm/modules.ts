// SPDX-License-Identifier: MIT
// Which kernel modules a guest needs, in loading order, unpacked. Reads a kernel package; never writes to it.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';
import { tool } from './tools.ts';

/** A Debian kernel, unpacked: what `ensureKernel` of the provision gives. */
export interface KernelPackage {
  readonly version: string;
  readonly vmlinuz: string;
  /** `…/lib/modules/VERSION`, with modules.dep. */
  readonly modules: string;
}

export interface KernelModule {
  /** `rdma_rxe.ko` */
  readonly name: string;
  readonly data: Uint8Array;
}

/** Without these there is no rxe. */
const NEEDED = ['dummy', 'rdma_rxe', 'ib_uverbs'];
/** Built in, or absent, in some versions. The rxe of 6.12 asks for crc32 by name when the link is added, which is no dependency. */
const WANTED = ['virtio_pci', 'virtio_console', 'virtio_blk', 'vmgenid', 'crc32_generic', 'rdma_cm', 'rdma_ucm'];

/** @throws AbideError kernel-unavailable where a needed module is missing */
export async function loadModules(kernel: KernelPackage): Promise<KernelModule[]> {
  const modprobe = await tool('modprobe');
  const root = join(kernel.modules, '../../..');
  const paths = new Map<string, string>();
  for (const module of [...WANTED, ...NEEDED]) {
    const argv = ['-d', root, '-S', kernel.version, '-C', '/dev/null', '--show-depends', module];
    const shown = await execa(modprobe, argv, { reject: false });
    if (shown.exitCode !== 0 && NEEDED.includes(module)) {
      throw new AbideError('kernel-unavailable', `kernel ${kernel.version} has no module ${module}: ${shown.stderr}`, {
        hint: 'remove the damaged kernel from the cache and run again',
      });
    }
    for (const [, path] of shown.stdout.matchAll(/^insmod (.+?)\s*$/gm)) {
      if (path !== undefined) paths.set(basename(path), path);
    }
  }
  return Promise.all(
    [...paths].map(async ([file, path]) => ({ name: file.replace(/\.(xz|zst)$/, ''), data: await unpack(path) })),
  );
}

async function unpack(path: string): Promise<Uint8Array> {
  const packer = path.endsWith('.xz') ? 'xz' : path.endsWith('.zst') ? 'zstd' : undefined;
  if (packer === undefined) return readFile(path);
  const { stdout } = await execa(await tool(packer), ['-dc', '--', path], { encoding: 'buffer' });
  return stdout;
}
