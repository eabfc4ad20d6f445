// SPDX-License-Identifier: MIT
// Debian packages unpacked into a folder of one's own: fetched and verified by apt, never installed on the host.
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { withAptRoot, type AptSource } from './apt-root.ts';
import { command } from './command.ts';
import { publish, scratch } from './scratch.ts';

export interface AptFetch extends AptSource {
  /** Names as `apt-get download` takes them: `b4`, `b4=0.14.2-1`, `b4/sid`. Dependencies are not followed. */
  readonly packages: readonly string[];
  /** The folder to make; it appears complete or not at all. Where it is there already, it is left as it is. */
  readonly into: string;
}

/** Throws `download-failed` (or the code asked for) with apt's own words. */
export async function aptFetch(o: AptFetch): Promise<void> {
  await using place = await scratch(o.cache);
  const files = await withAptRoot(o, apt => apt.download(o.packages, join(place.dir, 'packages')));
  const tree = join(place.dir, 'tree');
  await unpack(files, tree, o);
  await publish(tree, o.into);
}

export async function unpack(packages: readonly string[], into: string, o: Pick<AptSource, 'code'>): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const file of packages) {
    await command(['dpkg', '-x', file, into], {
      doing: `unpacking ${file}`,
      code: o.code ?? 'download-failed',
      hint: 'try again: the download may be damaged',
    });
  }
}
