// SPDX-License-Identifier: MIT
// Bytes to text, once, whatever a mail claims of its charset. Total: every byte sequence gives some text.
import { isAscii, isUtf8 } from 'node:buffer';

const LIES = new Set(['', 'utf-8', 'utf8', 'us-ascii', 'ascii', 'unknown-8bit', 'x-unknown', '8bit', 'default']);

const WINDOWS_1252 = new TextDecoder('windows-1252');

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Text of `bytes` in the charset that `label` names. Without a label, with one nobody knows, and where the text is not
 * what the label says: UTF-8 where it is valid, else windows-1252, which has a character for every byte.
 */
export function decodeBytes(bytes: Uint8Array, label = ''): string {
  const charset = label.trim().toLowerCase();
  // Nearly all mails: one look, one copy. ISO-2022 and UTF-7 hide in ASCII bytes, UTF-16 has NULs.
  if (LIES.has(charset) || (isAscii(bytes) && !/^(?:iso-2022|utf-(?:7|16)|hz)/.test(charset))) return utf8Or1252(bytes);
  try {
    return new TextDecoder(charset, { ignoreBOM: true }).decode(bytes);
  } catch {
    return utf8Or1252(bytes);
  }
}

function utf8Or1252(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes);
  if (isAscii(bytes)) return buffer.toString('latin1');
  if (isUtf8(bytes)) return buffer.toString('utf8');
  // A patch to a file in latin-1 below a log in UTF-8 is common: each line for itself.
  const lines: string[] = [];
  for (let at = 0; at < buffer.length;) {
    const newline = buffer.indexOf(0x0a, at);
    const line = buffer.subarray(at, newline < 0 ? buffer.length : newline + 1);
    lines.push(isUtf8(line) ? line.toString('utf8') : WINDOWS_1252.decode(line));
    at += line.length;
  }
  return lines.join('');
}
