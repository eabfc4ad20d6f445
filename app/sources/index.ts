// SPDX-License-Identifier: MIT
// What a person names on the command line to raw mails: files and folders, `-`, or a revision range of the tree.
import { AbideError } from '../errors.ts';
import type { RawMail } from '../model/mail.ts';
import { splitMbox } from '../series/index.ts';
import { readPath, tooLarge } from './files.ts';
import { MAX_INPUT_BYTES } from './limits.ts';

export interface InputOptions {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** `A..B` to an mboxrd, as `git format-patch --stdout --pretty=mboxrd` writes it; without it a range is no input. */
  readonly formatRange?: (range: string) => Promise<Uint8Array>;
}

const HINT =
  'give an mbox, a maildir, a folder of patches, - for standard input, or a revision range such as HEAD~3..HEAD';

/** All mails of all inputs, in order. @throws AbideError `input-unreadable`; `revision-unknown` from `formatRange` */
export async function readInput(inputs: readonly string[], options: InputOptions): Promise<RawMail[]> {
  if (inputs.length === 0) throw new AbideError('usage', 'no input given', { hint: HINT });
  const mails: RawMail[] = [];
  // One by one: a hundred thousand are too many for the arguments of one push.
  for (const input of inputs) for (const mail of await readOne(input, options)) mails.push(mail);
  if (mails.length === 0)
    throw new AbideError('input-unreadable', `${inputs.join(' ')}: no mail in it`, { hint: HINT });
  return mails;
}

async function readOne(input: string, options: InputOptions): Promise<RawMail[]> {
  if (input === '-') return splitMbox(await readStream(options.stdin), '-');
  try {
    return await readPath(input);
  } catch (error) {
    if (error instanceof AbideError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && options.formatRange && isRange(input))
      return splitMbox(await options.formatRange(input), input, 'mboxrd');
    throw new AbideError('input-unreadable', `${input}: ${reason(error)}`, { hint: HINT, cause: error });
  }
}

/** `A..B`, either side may be left out; never an option of git's. */
const isRange = (input: string): boolean => /^(?!-)[^\s:]*\.\.\.?[^\s:]*$/.test(input) && !input.includes('../');

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EACCES') return 'not readable for this user';
  return error instanceof Error ? error.message : String(error);
}

async function readStream(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) throw tooLarge('-');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
