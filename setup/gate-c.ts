// SPDX-License-Identifier: MIT
// The gate of native-check: compiled with all warnings as errors against the headers of the tree under test, and its self-test run
// under the address and undefined-behaviour sanitizers. Needs no libibverbs: nothing of it is called.
import { execa } from 'execa';
import { mkdtemp, readdir, rm, mkdir, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../app/config.ts';
import { managedTreeDir } from '../app/provision/tree.ts';

export async function checkC(root: string): Promise<string> {
  const folder = join(root, 'native-check');
  const all = await readdir(folder, { recursive: true }).catch(() => []);
  const sources = all.filter(name => name.endsWith('.c')).map(name => join('native-check', name));
  if (sources.length === 0) return 'there is no C source to check: the gate reads the wrong folder';
  const dir = await mkdtemp(join(tmpdir(), 'abide-c-'));
  try {
    const headers = await publishHeaders(dir);
    const program = join(dir, 'native-check');
    const built = await execa(
      'gcc',
      [
        ...['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-g', '-pthread', '-no-pie'],
        ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
        ...headers.map(path => `-I${path}`),
        ...sources,
        ...['-Wl,--unresolved-symbols=ignore-all', '-o', program],
      ],
      { cwd: root, reject: false, all: true },
    );
    if (built.failed) return built.all || String(built.shortMessage);
    // Those named bad_ fail on purpose.
    const ran = await execa(program, ['--self-test', '--filter', 'good_*', '--filter', 'skip_*'], {
      reject: false,
      all: true,
    });
    return ran.failed || !ran.all.includes('# done')
      ? `native-check --self-test under the sanitizers:\n${ran.all}`
      : '';
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The headers as an installed rdma-core has them: libibverbs' and the kernel's side by side in `infiniband/`. */
async function publishHeaders(dir: string): Promise<string[]> {
  const { cache, tree } = readConfig(process.env, { stdoutIsTty: false });
  const script = 'git -C "$1" archive HEAD libibverbs kernel-headers | tar -x -C "$2"';
  await execa('sh', ['-c', script, 'sh', tree ?? managedTreeDir(cache), dir]);
  const include = join(dir, 'include');
  await mkdir(join(include, 'infiniband'), { recursive: true });
  for (const from of ['libibverbs', 'kernel-headers/rdma']) {
    for (const name of await readdir(join(dir, from))) {
      if (name.endsWith('.h')) await cp(join(dir, from, name), join(include, 'infiniband', name));
    }
  }
  return [include, join(dir, 'kernel-headers')];
}
