// SPDX-License-Identifier: MIT
// A folder for half-made things inside the cache, on the same file system as what they become, so that a rename finishes them.
// What a killed process left there is removed by the next one.
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Scratch extends AsyncDisposable {
  readonly dir: string;
}

export async function scratch(cache: string): Promise<Scratch> {
  const parent = join(cache, 'tmp');
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const owner = Number(name.split('-')[0]);
    if (!isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const dir = await mkdtemp(join(parent, `${String(process.pid)}-`));
  return {
    dir,
    async [Symbol.asyncDispose]() {
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Puts a finished folder in its place. Where another process was quicker, its folder stays and ours goes. */
export async function publish(made: string, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  try {
    await rename(made, place);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST'))) {
      throw error;
    }
    await rm(made, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
