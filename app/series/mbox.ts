// SPDX-License-Identifier: MIT
// An mbox to its mails, by the rule of `git mailsplit` for the From_ line, and mboxrd's. Copies only where it must.
import type { RawMail } from '../model/mail.ts';

const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** git's is_from_line: "From ", and at its end a time with a year behind it. `end` is behind the line's newline. */
function isFromLine(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 20) return false;
  if (!startsWithFrom(bytes, start)) return false;
  let colon = end - 3;
  while (colon >= start + 5 && bytes[colon] !== 0x3a) colon--;
  if (colon < start + 5) return false;
  for (const offset of [-4, -2, -1, 1, 2]) if (!isDigit(bytes[colon + offset])) return false;
  const year = /^\s*([+-]?\d{1,9})/.exec(
    Buffer.from(bytes.subarray(colon + 3, Math.min(end, colon + 20))).toString('latin1'),
  );
  return year !== null && Number(year[1]) > 90;
}

function startsWithFrom(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x46 &&
    bytes[at + 1] === 0x72 &&
    bytes[at + 2] === 0x6f &&
    bytes[at + 3] === 0x6d &&
    bytes[at + 4] === 0x20
  );
}

/** Whether lines `>From ` were `From ` before: public-inbox says so in the From_ line, others in the file's name. */
function looksMboxrd(buffer: Buffer, start: number, source: string): boolean {
  return buffer.toString('latin1', start, start + 19) === 'From mboxrd@z Thu J' || /\.mboxrd$/i.test(source);
}

/**
 * The mails of an mbox, in order, From_ line included; a file that does not start with one is one mail. `cursor` is the
 * mail's offset in bytes. `format` is for who knows it; nothing in a file says that it is mboxrd.
 */
export function splitMbox(bytes: Uint8Array, source: string, format?: 'mboxrd'): RawMail[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (start < buffer.length && SPACE.has(buffer[start]!)) start++;
  if (start === buffer.length) return [];
  const lineEnd = (at: number): number => {
    const newline = buffer.indexOf(0x0a, at);
    return newline < 0 ? buffer.length : newline + 1;
  };
  const starts = [start];
  if (isFromLine(buffer, start, lineEnd(start))) {
    for (let at = buffer.indexOf('\nFrom ', start); at >= 0; at = buffer.indexOf('\nFrom ', at + 1)) {
      if (isFromLine(buffer, at + 1, lineEnd(at + 1))) starts.push(at + 1);
    }
  }
  const mboxrd = format === 'mboxrd' || looksMboxrd(buffer, start, source);
  return starts.map((from, index) => {
    const mail = buffer.subarray(from, starts[index + 1] ?? buffer.length);
    return { source, cursor: String(from), bytes: mboxrd ? unescapeFrom(mail) : mail };
  });
}

/** Takes one `>` from every line that is `>From `, `>>From `, … */
function unescapeFrom(mail: Buffer): Buffer {
  if (!mail.includes('\n>')) return mail;
  return Buffer.from(mail.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1');
}
