// SPDX-License-Identifier: MIT
// What is on this machine, found by running it: programs, libraries, disk space. Reports, installs nothing, and throws nothing.
import { execa } from 'execa';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A program, the Debian package that brings it, and what prints its version. */
export interface Tool {
  readonly name: string;
  readonly package: string;
  readonly ask: readonly string[];
}

const tool = (name: string, brought: string, ...ask: string[]): Tool => ({
  name,
  package: brought,
  ask: ask.length === 0 ? ['--version'] : ask,
});

export const TOOLS = {
  compiler: [
    tool('gcc', 'gcc'),
    tool('cmake', 'cmake'),
    tool('ninja', 'ninja-build'),
    tool('pkg-config', 'pkg-config'),
    tool('ccache', 'ccache'),
    tool('python3', 'python3'),
  ],
  git: [tool('git', 'git')],
  qemu: [tool('qemu-system-x86_64', 'qemu-system-x86')],
  guest: [
    tool('busybox', 'busybox-static', 'true'),
    tool('modprobe', 'kmod'),
    tool('ip', 'iproute2', '-V'),
    tool('rdma', 'iproute2', '-V'),
    tool('zstd', 'zstd'),
    tool('xz', 'xz-utils'),
  ],
  abi: [tool('abidiff', 'abigail-tools'), tool('pahole', 'dwarves')],
} as const satisfies Record<string, readonly Tool[]>;

/** pkg-config's names and the packages that bring them. */
const LIBRARIES = { 'libnl-3.0': 'libnl-3-dev', 'libnl-route-3.0': 'libnl-route-3-dev', libudev: 'libudev-dev' };

export interface Survey {
  /** `gcc 12.2.0, cmake 3.25.1` */
  readonly found: string;
  /** The packages that bring what was not found. */
  readonly missing: readonly string[];
}

/** `path` is where to look, as in PATH. */
export async function surveyTools(tools: readonly Tool[], path: string): Promise<Survey> {
  const asked = await Promise.all(tools.map(async each => ({ each, version: await versionOf(each, path) })));
  return {
    found: asked
      .filter(({ version }) => version !== undefined)
      .map(({ each, version }) => `${each.name} ${version ?? ''}`.trim())
      .join(', '),
    missing: [...new Set(asked.filter(({ version }) => version === undefined).map(({ each }) => each.package))],
  };
}

export async function surveyLibraries(path: string): Promise<Survey> {
  const names = Object.entries(LIBRARIES);
  const asked = await Promise.all(
    names.map(async ([name, brought]) => ({
      name,
      brought,
      there: !(await run(['pkg-config', '--exists', name], path)).failed,
    })),
  );
  return {
    found: asked
      .filter(({ there }) => there)
      .map(({ name }) => name)
      .join(', '),
    missing: asked.filter(({ there }) => !there).map(({ brought }) => brought),
  };
}

/** Undefined where it does not run. */
async function versionOf(each: Tool, path: string): Promise<string | undefined> {
  const ran = await run([each.name, ...each.ask], path);
  if (ran.failed) return undefined;
  return /\d+(\.\d+)+/.exec(`${ran.stdout}${ran.stderr}`)?.[0] ?? '';
}

function run(argv: readonly [string, ...string[]], path: string) {
  const [file, ...args] = argv;
  return execa(file, args, {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
    extendEnv: false,
    env: { PATH: path, LC_ALL: 'C.UTF-8' },
  });
}

/** Bytes free for this user where `dir` is or would be made. */
export async function freeSpace(dir: string): Promise<number> {
  const found = await statfs(dir).catch(() => undefined);
  if (found !== undefined) return found.bavail * found.bsize;
  return dirname(dir) === dir ? 0 : freeSpace(dirname(dir));
}
