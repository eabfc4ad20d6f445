// SPDX-License-Identifier: MIT
// Bytes to text, once, whatever a mail claims of its charset. Total: every byte sequence gives some text.
import { isAscii, isUtf8 } from 'node:buffer';

const LIES = new Set(['', 'utf-8', 'utf8', 'us-ascii', 'ascii', 'unknown-8bit', 'x-unknown', '8bit', 'default']);

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
  if (isAscii(bytes)) return asBuffer(bytes).toString('latin1');
  if (isUtf8(bytes)) return asBuffer(bytes).toString('utf8');
  return new TextDecoder('windows-1252').decode(bytes);
}
