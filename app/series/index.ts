// SPDX-License-Identifier: MIT
// Bytes to mails to series to diffs. Everything behind this door is pure and never throws on what strangers send.
import type { Mail, RawMail, Series } from '../model/index.ts';
import { assemble } from './assemble.ts';
import { readMail, type ParsedMail } from './parse.ts';

export { parseDiff } from './diff.ts';
export { splitMbox } from './mbox.ts';
export { readMail, type ParsedMail } from './parse.ts';
export { readReply } from './reply.ts';

export async function parseMail(raw: RawMail): Promise<Mail> {
  return (await readMail(raw)).mail;
}

/** Every series in `raws`, in the order of their first mail; replies alone are none. */
export async function readSeries(raws: readonly RawMail[]): Promise<Series[]> {
  const parsed: ParsedMail[] = [];
  for (const raw of raws) parsed.push(await readMail(raw));
  return assemble(parsed);
}
