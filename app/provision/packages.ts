// SPDX-License-Identifier: MIT
// The Debian packages Abide needs on the host: which are missing, and the one command that installs them. Installs only when asked to.
import { execa } from 'execa';
import { AbideError } from '../errors.ts';
import { command } from './command.ts';

/** What each is for; `doctor` shows the same words. */
export const DEBIAN_PACKAGES: Readonly<Record<string, string>> = {
  'abigail-tools': 'comparing ABIs (abidiff)',
  bubblewrap: 'the build sandbox',
  'busybox-static': "the guest's programs",
  'ca-certificates': 'cloning over https',
  ccache: 'fast rebuilds',
  cmake: 'building rdma-core',
  dwarves: 'layouts of structs (pahole)',
  gcc: 'building rdma-core',
  git: 'everything',
  iproute2: "the guest's network (ip, rdma)",
  kmod: "the guest's modules",
  'libc6-dev': 'building rdma-core',
  'libnl-3-dev': 'building rdma-core',
  'libnl-route-3-dev': 'building rdma-core',
  'libudev-dev': 'building rdma-core',
  'ninja-build': 'building rdma-core',
  'pkg-config': 'building rdma-core',
  python3: 'building rdma-core',
  'qemu-system-x86': 'the guest',
  'xz-utils': "the kernel's modules",
  zstd: "the guest's image and saved state",
};

/** Needed by the tests alone. */
export const TEST_PACKAGES: Readonly<Record<string, string>> = {
  cpio: "the oracle of the guest's image",
  gnupg: "signing the tests' own package archive",
};

/** Names out of `wanted` that dpkg does not have installed, sorted. Throws `tool-missing` where there is no dpkg. */
export async function missingPackages(wanted: readonly string[]): Promise<string[]> {
  const asked = await execa('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\\n', ...wanted], {
    reject: false,
    env: { LC_ALL: 'C.UTF-8' },
  });
  if (asked.code === 'ENOENT') {
    throw new AbideError('tool-missing', 'this is not a Debian system: there is no dpkg-query', {
      hint: 'Abide runs on Debian 12 or newer, on the host or in a container',
    });
  }
  const installed = new Set(
    asked.stdout
      .split('\n')
      .filter(line => line.startsWith('installed '))
      .map(line => line.split(' ')[1] ?? ''),
  );
  return wanted.filter(name => !installed.has(name)).sort();
}

export function installCommand(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/** As root only. Throws `tool-missing` with apt's words. */
export async function installPackages(packages: readonly string[], onProgress?: (line: string) => void): Promise<void> {
  const options = {
    code: 'tool-missing',
    hint: `run it by hand to see more: ${installCommand(packages)}`,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  } as const;
  onProgress?.("reading the host's package lists");
  // Some source of the host's may be broken and not ours to mend: what counts is whether the packages can be had.
  const updated = await command(['apt-get', '-qq', 'update'], { doing: 'apt-get update', ...options }).then(
    () => undefined,
    (error: unknown) => error,
  );
  onProgress?.(`installing ${packages.join(', ')}`);
  try {
    await command(
      ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...packages],
      { doing: `installing ${packages.join(', ')}`, ...options },
    );
  } catch (error) {
    if (error instanceof AbideError && updated instanceof Error) error.message += `; before that, ${updated.message}`;
    throw error;
  }
}
