// SPDX-License-Identifier: MIT
// A Debian kernel of the plain amd64 flavour (the cloud flavour has no rdma_rxe) in the user's cache: vmlinuz, config and modules.
// Fetched once, verified by apt and by its own config, never installed on the host.
import { mkdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AbideError } from '../errors.ts';
import { unpack } from './apt.ts';
import { withAptRoot, type AptRoot, type AptSource } from './apt-root.ts';
import { command } from './command.ts';
import { publish, scratch } from './scratch.ts';

export interface KernelPackage {
  /** As `uname -r` says it: `7.3.4+deb13-amd64`. */
  readonly version: string;
  readonly vmlinuz: string;
  /** `…/lib/modules/VERSION`, with modules.dep; `modprobe -d` takes the folder above `lib`. Modules are .ko.xz. */
  readonly modules: string;
}

/** `newest` has ODP on rxe; `old` (6.12) has rxe without ODP, for the compatibility matrix. */
export type KernelFlavour = 'newest' | 'old';

export interface KernelOptions extends Omit<AptSource, 'suites' | 'sources' | 'code'> {
  readonly flavour: KernelFlavour;
}

const FLAVOURS = {
  newest: { suite: 'trixie-backports', needs: ['INFINIBAND_ON_DEMAND_PAGING=y', 'RDMA_RXE=m'] },
  old: { suite: 'trixie', needs: ['RDMA_RXE=m'] },
} as const;

/** From the cache where it is there, without the network; else the newest of its suite now. Throws `kernel-unavailable`. */
export async function ensureKernel(o: KernelOptions): Promise<KernelPackage> {
  const present = await findKernel(o.cache, o.flavour);
  if (present !== undefined) return present;

  const { suite, needs } = FLAVOURS[o.flavour];
  await using place = await scratch(o.cache);
  const files = await withAptRoot({ ...o, suites: [suite], code: 'kernel-unavailable' }, async apt => {
    const packages = await kernelPackages(apt, suite);
    o.onProgress?.(`fetching the kernel: ${packages.join(', ')}`);
    return apt.download(packages, join(place.dir, 'packages'));
  });
  const tree = join(place.dir, 'tree');
  await unpack(files, tree, { code: 'kernel-unavailable' });
  const made = join(place.dir, 'kernel');
  const version = await arrange(tree, made);
  await checkConfig(join(made, 'config'), version, needs);
  if (o.flavour === 'newest' && !(await hasOdp({ ...describe(made), modules: join(made, 'lib/modules', version) }))) {
    throw new AbideError('kernel-unavailable', `rxe of the kernel ${version} knows no ODP`, {
      hint: `${suite} may be changing right now: try again later`,
    });
  }

  const home = join(o.cache, 'kernels');
  await publish(made, join(home, version));
  const link = join(place.dir, 'link');
  await symlink(version, link);
  await rename(link, join(home, o.flavour));
  return describe(join(home, version));
}

/** The cached kernel, or undefined. */
export async function findKernel(cache: string, flavour: KernelFlavour): Promise<KernelPackage | undefined> {
  const home = join(cache, 'kernels');
  const version = await readlink(join(home, flavour)).catch(() => undefined);
  if (version === undefined) return undefined;
  const kernel = describe(join(home, version));
  const whole = await Promise.all([stat(kernel.vmlinuz), stat(join(kernel.modules, 'modules.dep'))]).then(
    () => true,
    () => false,
  );
  if (whole) return kernel;
  await rm(join(home, version), { recursive: true, force: true });
  return undefined;
}

/** Whether the kernel can serve ODP on rxe. Its config does not tell: 6.12 has INFINIBAND_ON_DEMAND_PAGING=y and an rxe that knows nothing of it. */
export async function hasOdp(kernel: KernelPackage): Promise<boolean> {
  const module = join(kernel.modules, 'kernel/drivers/infiniband/sw/rxe/rdma_rxe.ko.xz');
  const symbols = await command(['sh', '-c', 'xz -dc -- "$1" | grep -ac rxe_odp || true', 'sh', module], {
    doing: "reading rxe's symbols",
    code: 'kernel-unavailable',
    hint: `remove the damaged kernel and run \`npm start\`: rm -r ${dirname(kernel.vmlinuz)}`,
  });
  return Number(symbols) > 0;
}

function describe(dir: string): KernelPackage {
  const version = basename(dir);
  return { version, vmlinuz: join(dir, 'vmlinuz'), modules: join(dir, 'lib/modules', version) };
}

/**
 * The packages that hold one kernel: the image that the metapackage names, and what that one needs of the same version.
 * 6.12 is one package; 7.x is split into base, binary and modules.
 */
async function kernelPackages(apt: AptRoot, suite: string): Promise<string[]> {
  const meta = await apt.show('linux-image-amd64');
  const [image] = dependencies(meta, /^linux-image-\d[^ ]*-amd64$/);
  if (image === undefined) {
    throw new AbideError('kernel-unavailable', `linux-image-amd64 of ${suite} names no kernel`, {
      hint: 'the suite may be changing right now: try again in an hour',
    });
  }
  const version = image.slice('linux-image-'.length);
  const parts = dependencies(await apt.show(image), /^linux-(base|binary|modules)-\d/);
  return [image, ...parts.filter(name => name.endsWith(version))];
}

function dependencies(record: ReadonlyMap<string, string>, wanted: RegExp): string[] {
  const names = (record.get('Depends') ?? '').split(/[,|]/).map(item => item.trim().split(/[ :]/)[0] ?? '');
  return names.filter(name => wanted.test(name));
}

/** Brings the layouts of old and new kernel packages into one: vmlinuz, config, lib/modules/VERSION. Gives the version. */
async function arrange(tree: string, made: string): Promise<string> {
  const failed = { code: 'kernel-unavailable', hint: 'try again: the download may be damaged' } as const;
  const found = await command(['find', tree, '-name', 'rdma_rxe.ko*'], { doing: 'looking for rdma_rxe', ...failed });
  const version = /\/modules\/([^/]+)\//.exec(found)?.[1];
  if (version === undefined) {
    throw new AbideError('kernel-unavailable', 'the kernel packages hold no rdma_rxe', { hint: failed.hint });
  }
  await mkdir(join(made, 'lib/modules'), { recursive: true });
  const modules = join(made, 'lib/modules', version);
  await rename(found.slice(0, found.indexOf(`/${version}/`) + version.length + 1), modules);
  for (const name of ['vmlinuz', 'config'] as const) {
    // Since 7.x they live beside the modules; before, in /boot.
    await rename(join(modules, name), join(made, name)).catch(() =>
      rename(join(tree, 'boot', `${name}-${version}`), join(made, name)),
    );
  }
  await command(['/sbin/depmod', '-b', made, version], { doing: "ordering the kernel's modules", ...failed });
  return version;
}

async function checkConfig(file: string, version: string, needs: readonly string[]): Promise<void> {
  const absent = missing(await readFile(file, 'utf8'), needs);
  if (absent.length === 0) return;
  throw new AbideError('kernel-unavailable', `the kernel ${version} is built without ${absent.join(' and ')}`, {
    hint: 'Debian changed its kernel configuration: please report this to Abide',
  });
}

function missing(config: string, needs: readonly string[]): string[] {
  const lines = new Set(config.split('\n'));
  return needs.map(need => `CONFIG_${need}`).filter(line => !lines.has(line));
}
