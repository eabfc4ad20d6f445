// SPDX-License-Identifier: MIT
// A commit's files in a folder, with the commit's date as their mtime, so that two exports are equal to a build.
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { AbideError } from '../errors.ts';
import { gitBytes, gitEnv, type Place } from './git.ts';
import { clean } from './words.ts';

/** `dir` is made where it is missing. A tree of git cannot hold a file behind a link, so nothing lands outside it. */
export async function exportTo(place: Place, commit: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const archive = await gitBytes(place, ['archive', '--format=tar', commit]);
  const args = ['--extract', '--no-same-owner', '--directory', dir];
  await execa('tar', args, { input: archive, env: gitEnv(place), extendEnv: false }).catch((cause: unknown) => {
    throw new AbideError('git-failed', `a commit's files could not be unpacked: ${clean(cause, [dir])}`, { cause });
  });
}
