// SPDX-License-Identifier: MIT
// Which tools build here: a part of every cache key, and the first thing to fail with what to install. Runs our own tools alone.
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { AbideError } from '../../errors.ts';
import { sourcesIn } from './source.ts';

/** Raise it when a change of sandbox or script makes older cached builds wrong. */
const BUILDER = 'abide-build-1';
const TOOLS = ['bwrap', 'gcc', 'cmake', 'ninja', 'ld', 'pkg-config', 'strip', 'tar'] as const;
/** What rdma-core compiles and links against. */
const LIBRARIES = [
  'libc6-dev',
  'linux-libc-dev',
  'libnl-3-dev',
  'libnl-route-3-dev',
  'libudev-dev',
  'libsystemd-dev',
  'valgrind',
  'libdrm-dev',
];
const HINT = 'apt-get install bubblewrap gcc cmake ninja-build pkg-config libnl-3-dev libnl-route-3-dev libudev-dev';

export interface Toolchain {
  /** Hex digest of every version that matters. */
  readonly digest: string;
  readonly ccache: boolean;
}

let known: Promise<Toolchain> | undefined;

/** Asked once a process. @throws AbideError tool-missing */
export function toolchain(): Promise<Toolchain> {
  known ??= ask();
  known.catch(() => (known = undefined));
  return known;
}

async function ask(): Promise<Toolchain> {
  const options = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, extendEnv: false } as const;
  const versions = await Promise.all(
    TOOLS.map(tool =>
      execa(tool, ['--version'], options).then(
        done => `${tool} ${done.stdout.split('\n')[0] ?? ''}`,
        (cause: unknown) => {
          throw new AbideError('tool-missing', `${tool} is needed to build and is not there`, { cause, hint: HINT });
        },
      ),
    ),
  );
  // Not Debian, or some are not installed: then their absence is the version.
  const format = '${Package} ${Version} ${Status}\n';
  const packages = await execa('dpkg-query', ['-W', '-f', format, ...LIBRARIES], { ...options, reject: false });
  const all = [BUILDER, process.arch, ...versions, String(packages.stdout ?? '')];
  const ccache = await access('/usr/bin/ccache').then(
    () => true,
    () => false,
  );
  return { digest: createHash('sha256').update(all.join('\n')).digest('hex'), ccache };
}

/** Hex digest of the names and bytes of native-check's sources. */
export async function digestOf(dir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await sourcesIn(dir)) {
    hash
      .update(`${name}\0`)
      .update(await readFile(join(dir, name)))
      .update('\0');
  }
  return hash.digest('hex');
}
