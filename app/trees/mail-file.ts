// SPDX-License-Identifier: MIT
// A patch's mail as the file that `git am` is given. Changes nothing that decides what is applied. Pure.

/** For a mail without a readable date: a commit's id must not depend on when it was applied. */
const NO_DATE = 'Date: Sat, 1 Jan 2000 00:00:00 +0000';

/** Without the mbox's own `From ` line: to `git mailsplit` the rest is then one mail, whatever its lines begin with. */
export function mailFile(mbox: Uint8Array, dated: boolean): Buffer {
  let bytes = Buffer.from(mbox);
  if (/^From [^\n]*\n/.test(bytes.toString('latin1', 0, 1000))) bytes = bytes.subarray(bytes.indexOf(0x0a) + 1);
  if (dated) return bytes;
  const blank = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
  const head = bytes.toString('latin1', 0, blank === null ? bytes.length : blank.index);
  const kept = head.replace(/^date:[^\n]*(?:\n[ \t][^\n]*)*\n?/gim, '');
  return Buffer.concat([Buffer.from(`${NO_DATE}\n${kept.replace(/\n$/, '')}`, 'latin1'), bytes.subarray(head.length)]);
}

/** A carriage return in a mail with LF line ends is the file's; in one with CRLF it is the transport's. */
export function keepsCarriageReturns(mail: Uint8Array): boolean {
  const end = Buffer.from(mail.buffer, mail.byteOffset, mail.byteLength).indexOf(0x0a);
  return end < 1 || mail[end - 1] !== 0x0d;
}
