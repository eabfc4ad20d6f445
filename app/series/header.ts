// SPDX-License-Identifier: MIT
// A mail's header by git's rule for where it ends, so that a body without a header is all body. Linear, and bounded.
import { decodeBytes } from './charset.ts';

/** More than any mailer makes; a header above it is an attack or no mail. */
const MAX_HEADER_BYTES = 1024 * 1024;

export interface Headers {
  /** Of several fields of one name the last, as `git mailinfo` has it. Unfolded, not decoded. */
  get(name: string): string | undefined;
  /** Offset of the body's first byte. */
  bodyAt: number;
  /** Whether the mail's first line ends in CRLF: then all do, and the CR is of the way it came. */
  crlf: boolean;
  tooLarge: boolean;
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** A field's name up to its colon; empty for a From_ line; undefined where the line is no header (is_rfc2822_header). */
function fieldName(line: string): string | undefined {
  if (line.startsWith('From ') || line.startsWith('>From ')) return '';
  const colon = line.indexOf(':');
  if (colon < 0) return undefined;
  const name = line.slice(0, colon);
  return /^[!-9;-~]*$/.test(name) ? name.toLowerCase() : undefined;
}

export function readHeaders(bytes: Uint8Array): Headers {
  const fields = new Map<string, string>();
  const headers: Headers = { get: name => fields.get(name), bodyAt: 0, crlf: false, tooLarge: false };
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at])) at++;
  const limit = at + MAX_HEADER_BYTES;
  const firstEnd = bytes.indexOf(0x0a, at);
  headers.crlf = firstEnd > 0 && bytes[firstEnd - 1] === 0x0d;
  let name: string | undefined;
  let parts: string[] = [];
  const store = (): void => {
    if (name) fields.set(name, parts.join('').trimStart());
  };
  while (at < bytes.length) {
    const newline = bytes.indexOf(0x0a, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    if (next > limit) {
      headers.tooLarge = true;
      break;
    }
    let end = next;
    while (end > at && isSpace(bytes[end - 1])) end--;
    const line = decodeBytes(bytes.subarray(at, end));
    const folded = name !== undefined && (bytes[at] === 0x20 || bytes[at] === 0x09);
    if (folded) {
      parts.push(` ${line.slice(1)}`);
    } else {
      store();
      name = fieldName(line);
      if (name === undefined) {
        if (line === '') at = next;
        break;
      }
      parts = [line.slice(name === '' ? line.length : name.length + 1)];
    }
    at = next;
  }
  if (at >= bytes.length) store();
  headers.bodyAt = at;
  return headers;
}

/** Message-IDs in a field, without angle brackets: `<a@b> <c@d>`. */
export function messageIds(field: string | undefined): string[] {
  if (field === undefined) return [];
  const ids = [...field.slice(0, 65_536).matchAll(/<([^<>\s]{1,998})>/g)].map(match => match[1]!);
  return [...new Set(ids)];
}
