// SPDX-License-Identifier: MIT
// Copies of the tree's objects in the store where objects are made: a commit with its files, single blobs. The only way from one to the other.
import { randomBytes } from 'node:crypto';
import { readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitBytes } from './git.ts';
import type { Store } from './store.ts';

const EXTENSIONS = ['pack', 'idx', 'rev'];

/** The commit and every file of it, without its history: a pack of a few megabytes for rdma-core, kept for the next series on the same base. */
export async function copyCommit(store: Store, commit: string): Promise<void> {
  const note = join(store.made.cwd, `abide-${commit}`);
  const known = await readFile(note, 'utf8').catch(() => undefined);
  if (known !== undefined && (await renew(store, known))) return;
  // Missing blobs of a partial clone stay missing; only a patch that needs one fails.
  const list = ['rev-list', '--objects', '--no-object-names', '--no-walk', '--missing=allow-any', commit];
  const name = await pack(store, await gitBytes(store, list));
  const beside = `${note}.${randomBytes(4).toString('hex')}`;
  await writeFile(beside, name);
  await rename(beside, note);
}

export async function copyBlobs(store: Store, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await pack(store, Buffer.from(`${ids.join('\n')}\n`));
}

/** The pack's name, a hash of what it holds: two runs that make the same one do no harm. */
async function pack(store: Store, ids: Buffer): Promise<string> {
  const stem = join(store.made.cwd, 'objects', 'pack', 'pack');
  // No search for deltas: it costs more than the space it saves here.
  const made = await gitBytes(store, ['pack-objects', '-q', '--window=0', '--threads=1', stem], ids);
  const name = made.toString('latin1').trim();
  await renew(store, name);
  return name;
}

/** Makes the pack young, so that it is not forgotten; false where it is gone. */
async function renew(store: Store, name: string): Promise<boolean> {
  const now = new Date();
  const stem = join(store.made.cwd, 'objects', 'pack', `pack-${name}`);
  const done = await Promise.allSettled(EXTENSIONS.map(extension => utimes(`${stem}.${extension}`, now, now)));
  return done.slice(0, 2).every(one => one.status === 'fulfilled');
}
