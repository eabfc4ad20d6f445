// SPDX-License-Identifier: MIT
// Programs of the host that the VM lab needs, by absolute path. It may not look into anybody's PATH: what runs is the system's.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { AbideError } from '../../errors.ts';

// Debian keeps kmod's and iproute2's tools in sbin folders, which are not in everybody's PATH.
const FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

const PACKAGES = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  ip: 'iproute2',
  rdma: 'iproute2',
  modprobe: 'kmod',
  xz: 'xz-utils',
  zstd: 'zstd',
  tar: 'tar',
  ldd: 'libc-bin',
  ldconfig: 'libc-bin',
  mkfifo: 'coreutils',
  setpriv: 'util-linux',
} as const;

export type Tool = keyof typeof PACKAGES;

/** @throws AbideError tool-missing, with the command that installs it */
export async function tool(name: Tool): Promise<string> {
  for (const folder of FOLDERS) {
    const path = `${folder}/${name}`;
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  throw new AbideError('tool-missing', `${name} is not installed`, { hint: `apt-get install ${PACKAGES[name]}` });
}

/** A key that changes when one of the files is replaced or written: a package's update, an edit. Their content is not read. */
export async function identity(paths: readonly string[]): Promise<string> {
  const key = createHash('sha256');
  for (const path of paths) {
    const { mtimeMs, size } = await stat(path);
    key.update(`${path}\0${String(mtimeMs)} ${String(size)}\0`);
  }
  return key.digest('hex').slice(0, 16);
}
