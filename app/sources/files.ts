// SPDX-License-Identifier: MIT
// Mails from the file system: an mbox, a single mail, a maildir, a folder of patches. Reads only; decides nothing of their text.
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AbideError } from '../errors.ts';
import type { RawMail } from '../model/mail.ts';
import { splitMbox } from '../series/index.ts';
import { MAX_FILES, MAX_INPUT_BYTES } from './limits.ts';

export async function readPath(path: string): Promise<RawMail[]> {
  const info = await stat(path);
  if (!info.isDirectory()) return splitMbox(await readBytes(path), path);
  const names = await readdir(path);
  return names.includes('cur') || names.includes('new') ? readMaildir(path) : readFolder(path, names);
}

/** Regular files and pipes (`<(b4 am -o- …)`), up to the limit; a device is nobody's mail. */
async function readBytes(path: string): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const info = await file.stat();
  if (!info.isFile() && !info.isFIFO()) throw new AbideError('input-unreadable', `${path}: not a file of mails`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) throw tooLarge(path);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function tooLarge(path: string): AbideError {
  return new AbideError('input-unreadable', `${path}: larger than ${MAX_INPUT_BYTES / 1024 / 1024} MiB`, {
    hint: 'give the mails of one series alone',
  });
}

/** One file, one mail. `tmp` holds mails that are still being delivered. */
async function readMaildir(path: string): Promise<RawMail[]> {
  const mails: RawMail[] = [];
  for (const sub of ['cur', 'new']) {
    const names = await readdir(join(path, sub)).catch(ignoreMissing);
    for (const name of visible(names)) {
      const bytes = await readBytes(join(path, sub, name));
      if (bytes.length > 0) mails.push({ source: path, cursor: `${sub}/${name}`, bytes });
    }
  }
  return mails;
}

const NOT_MAIL = /(?:~|\.(?:orig|rej|swp|tar|gz|xz|zip|html|json|sh|c|h))$|^series$/i;

/** Files in the order of their numbers; each may be an mbox of its own. Folders inside are not entered. */
async function readFolder(path: string, names: readonly string[]): Promise<RawMail[]> {
  const mails: RawMail[] = [];
  for (const name of visible(names)) {
    const file = join(path, name);
    if (NOT_MAIL.test(name) || !(await stat(file)).isFile()) continue;
    for (const mail of splitMbox(await readBytes(file), file)) mails.push(mail);
  }
  return mails;
}

function visible(names: readonly string[]): string[] {
  if (names.length > MAX_FILES) throw new AbideError('input-unreadable', `more than ${MAX_FILES} files in one folder`);
  const order = new Intl.Collator('en', { numeric: true });
  return names.filter(name => !name.startsWith('.')).sort(order.compare);
}

function ignoreMissing(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
