// SPDX-License-Identifier: MIT
// The guest's initramfs: busybox, ip, rdma, the host's C library, kernel modules, our init. Nothing of a tree under test is in it,
// and nothing else of the host. Kept in the cache under a key of its content.
import { createHash } from 'node:crypto';
import { readFile, realpath, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';
import { cpio, withParents, type CpioEntry } from './cpio.ts';
import { loadModules, type KernelPackage } from './modules.ts';
import { identity, tool } from './tools.ts';
import { writeWhole } from './whole.ts';

const GUEST = new URL('../../../native-check/vm/', import.meta.url);

/** What programs built from rdma-core on this host link with. */
const LIBRARIES = [
  'ld-linux-x86-64.so.2',
  'libc.so.6',
  'libm.so.6',
  'libpthread.so.0',
  'libdl.so.2',
  'librt.so.1',
  'libgcc_s.so.1',
  'libnl-3.so.200',
  'libnl-route-3.so.200',
];

/** Our own d0 is the only device. */
const PARAMETERS: Readonly<Record<string, string>> = { 'dummy.ko': ' numdummies=0' };

export interface Image {
  readonly path: string;
  readonly key: string;
}

/**
 * The image with which rxe comes up and the runner waits for a payload. Whether it must be made anew is told by the dates and sizes of
 * what it is made of, as reading all that would take as long as the rest of a run.
 */
export async function buildImage(kernel: KernelPackage, cache: string): Promise<Image> {
  const index = join(cache, `image-${await inputsKey(kernel)}.key`);
  const key = await readFile(index, 'utf8').catch(() => '');
  const known = join(cache, `image-${key}.cpio.zst`);
  if (/^[0-9a-f]{16}$/.test(key) && (await touch(known))) return { path: known, key };
  const image = await assemble(kernel, cache);
  await writeWhole(index, image.key);
  return image;
}

async function inputsKey(kernel: KernelPackage): Promise<string> {
  const sources = ['image.ts', 'modules.ts', 'cpio.ts'].map(name => fileURLToPath(new URL(name, import.meta.url)));
  const ours = ['init', 'runner'].map(name => fileURLToPath(new URL(name, GUEST)));
  const tools = await Promise.all([tool('busybox'), tool('ip'), tool('rdma')]);
  return identity([...sources, ...ours, ...tools, '/etc/ld.so.cache', join(kernel.modules, 'modules.dep')]);
}

async function assemble(kernel: KernelPackage, cache: string): Promise<Image> {
  const modules = await loadModules(kernel);
  return store(cache, [
    ...(await system()),
    ...modules.map(({ name, data }) => ({ path: `lib/modules/${name}`, kind: 'file' as const, mode: 0o644, data })),
    file('etc/modules', modules.map(({ name }) => `${name}${PARAMETERS[name] ?? ''}\n`).join('')),
    file('init', await readFile(new URL('init', GUEST)), 0o755),
    file('lib/abide/runner', await readFile(new URL('runner', GUEST))),
  ]);
}

/** An image whose init is `script`: the bench's trivial guest. */
export async function buildBareImage(script: string, cache: string): Promise<Image> {
  const busybox = await readFile(await tool('busybox'));
  return store(cache, [file('bin/busybox', busybox, 0o755), file('init', script, 0o755)]);
}

function file(path: string, data: Uint8Array | string, mode = 0o644): CpioEntry {
  return { path, kind: 'file', mode, data };
}

async function system(): Promise<CpioEntry[]> {
  const busybox = await tool('busybox');
  if ((await sharedLibraries(busybox)).length > 0) {
    throw new AbideError('tool-missing', 'busybox is not statically linked', {
      hint: 'apt-get install busybox-static',
    });
  }
  const programs = [await tool('ip'), await tool('rdma')];
  const needed = await Promise.all(programs.map(sharedLibraries));
  const known = await libraryPaths();
  const wanted = LIBRARIES.map(name => known.get(name)).filter(path => path !== undefined);
  const entries = [file('bin/busybox', await readFile(busybox), 0o755)];
  for (const path of programs) entries.push(file(`sbin/${basename(path)}`, await readFile(path), 0o755));
  // Where ld.so looks by default, whatever the host's multiarch folder is called.
  for (const path of new Set([...needed.flat(), ...wanted])) {
    entries.push(file(`lib64/${basename(path)}`, await readFile(await realpath(path)), 0o755));
  }
  entries.push({ path: 'bin/sh', kind: 'link', data: 'busybox' });
  entries.push({ path: 'lib/x86_64-linux-gnu', kind: 'link', data: '../lib64' });
  return entries;
}

/** Of the host's own programs only: ldd runs them. */
async function sharedLibraries(program: string): Promise<string[]> {
  const { stdout } = await execa(await tool('ldd'), [program], { reject: false });
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path ?? '');
}

async function libraryPaths(): Promise<Map<string, string>> {
  const { stdout } = await execa(await tool('ldconfig'), ['-p']);
  const found = new Map<string, string>();
  for (const [, name, path] of stdout.matchAll(/^\s*(\S+) \(libc6,x86-64[^)]*\) => (\S+)$/gm)) {
    if (name !== undefined && path !== undefined && !found.has(name)) found.set(name, path);
  }
  for (const [, name, path] of stdout.matchAll(/^\s*(ld-linux-\S+) \([^)]*\) => (\S+)$/gm)) {
    if (name !== undefined && path !== undefined) found.set(name, path);
  }
  return found;
}

async function store(cache: string, entries: readonly CpioEntry[]): Promise<Image> {
  const archive = cpio(withParents(entries));
  const key = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const path = join(cache, `image-${key}.cpio.zst`);
  if (!(await touch(path))) await writeWhole(path, await promisify(zstdCompress)(archive));
  return { path, key };
}

/** Whether the file is there. The oldest go first when the cache is pruned. */
async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}
