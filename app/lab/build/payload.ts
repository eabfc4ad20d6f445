// SPDX-License-Identifier: MIT
// The guest's share of a build, written by us from an archive that a stranger's build made: exactly the files named here, as regular
// files, of bounded size; anything else refuses it. Folders are named by content, so equal payloads are one.
import { createHash } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publish, touch } from './cache.ts';
import { readTar } from './tar.ts';
import type { TarFile } from './tar.ts';

const LIMITS = { files: 16, bytes: 16 * 1024 * 1024 };
const PROVIDER = /^usr\/local\/lib\/libibverbs\/librxe-rdmav\d{1,4}\.so$/;
const DRIVER = 'usr/local/etc/libibverbs.d/rxe.driver';
const NATIVE_CHECK = 'usr/local/bin/native-check';
const NEEDED = [
  'usr/local/lib/libibverbs.so.1',
  DRIVER,
  ...['devinfo', 'rc_pingpong', 'ud_pingpong', 'srq_pingpong'].map(name => `usr/local/bin/ibv_${name}`),
];

/** Reads and checks. @throws Error with a sentence where the archive is not what it must be */
export function readPayload(archive: Buffer): TarFile[] {
  const files = readTar(archive, LIMITS);
  const paths = new Set(files.map(file => file.path));
  const missing = NEEDED.find(path => !paths.has(path));
  if (missing !== undefined) throw new Error(`${missing} is missing`);
  if (files.filter(file => PROVIDER.test(file.path)).length !== 1) throw new Error('there is not one provider for rxe');
  const other = files.find(
    file => !NEEDED.includes(file.path) && file.path !== NATIVE_CHECK && !PROVIDER.test(file.path),
  );
  if (other !== undefined) throw new Error(`${other.path} does not belong there`);
  return files;
}

/** Puts the files under `into`, in a folder named by their content, and returns it. */
export async function keepPayload(files: readonly TarFile[], into: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.path}\0${file.bytes.length}\0`).update(file.bytes);
  const dir = join(into, hash.digest('hex').slice(0, 32));
  if (await exists(dir)) {
    await touch(dir);
    return dir;
  }
  const fresh = `${dir}.${process.pid}.${Date.now()}`;
  for (const file of files) {
    const to = join(fresh, file.path);
    await mkdir(dirname(to), { recursive: true, mode: 0o755 });
    await writeFile(to, file.bytes, { flag: 'wx' });
    await chmod(to, file.path === DRIVER ? 0o644 : 0o755);
  }
  await publish(fresh, dir);
  return dir;
}

export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
