// SPDX-License-Identifier: MIT
// A mail's header and body to its text: transfer encoding and charset undone, parts joined in the order `git mailinfo`
// joins them, format=flowed both undone and as it was. Never throws; what cannot be read is a fault.
import { isAscii } from 'node:buffer';
import { decodeBytes } from './charset.ts';
import { unflow } from './flowed.ts';
import type { Headers } from './header.ts';
import { readMime, type MimePart } from './mime.ts';

export interface Content {
  readonly text: string;
  /** The bytes behind `text`, line for line, where they are not simply its UTF-8: a diff is never re-encoded. */
  readonly bytes?: Uint8Array;
  /** Text and bytes without format=flowed undone, where that differs. */
  readonly raw?: { readonly text: string; readonly bytes?: Uint8Array };
  readonly fault?: string;
}

/** Line ends to LF, one CR a line, as `git mailsplit` does it. */
function withoutCr(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes('\r\n')) return bytes;
  return Buffer.from(buffer.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

export async function readContent(headers: Headers, bytes: Uint8Array): Promise<Content> {
  // Where the header's lines end in LF alone, a CR in the body belongs to the file that is patched.
  const body = headers.crlf ? withoutCr(bytes.subarray(headers.bodyAt)) : bytes.subarray(headers.bodyAt);
  const contentType = headers.get('content-type');
  const encoding = headers.get('content-transfer-encoding');
  const isMime =
    /multipart\/[^;]*;[^]*boundary\s*=/i.test(contentType ?? '') || /base64|quoted-printable/i.test(encoding ?? '');
  if (!isMime) return join([plainPart(contentType ?? '', body)]);
  const mime = await readMime({ contentType, encoding }, body);
  if ('fault' in mime) return { ...join([plainPart('', body)]), fault: mime.fault };
  return join(mime.parts.filter(isText).map(part => ({ ...part, bytes: withoutTransportCr(part.bytes) })));
}

/** No MIME, nothing to take apart: most patches. */
function plainPart(contentType: string, bytes: Uint8Array): MimePart {
  const parameter = (name: string): string | undefined =>
    new RegExp(`[;\\s]${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, 'i')
      .exec(contentType.slice(0, 2000))
      ?.slice(1)
      .find(Boolean);
  return {
    type: 'text/plain',
    charset: parameter('charset'),
    flowed: /^flowed$/i.test(parameter('format') ?? ''),
    delsp: /^yes$/i.test(parameter('delsp') ?? ''),
    fileName: undefined,
    bytes,
  };
}

/** Text and patches. HTML says the same again, and a signature is no text. */
function isText(part: MimePart): boolean {
  if (/^text\/(?:plain|x-(?:patch|diff)|x-c(?:src|hdr)?|troff)$/.test(part.type)) return true;
  return !part.type.startsWith('multipart/') && /\.(?:patch|diff|mbox|eml|txt)$/i.test(part.fileName ?? '');
}

/** CR at the end of every line came with the mail (Exchange's base64); on some lines it belongs to the file. */
function withoutTransportCr(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes('\r\n')) return bytes;
  return /[^\r]\n|^\n/.test(buffer.toString('latin1')) ? bytes : withoutCr(bytes);
}

function join(parts: readonly MimePart[]): Content {
  const decoded = parts.map(part => decodeBytes(part.bytes, part.charset));
  const text = decoded
    .map((piece, index) => (parts[index]!.flowed ? unflow(piece, parts[index]!.delsp) : piece))
    .join('');
  const rawText = decoded.join('');
  const isUtf8 = parts.every((part, index) => isUtf8Of(decoded[index]!, part.bytes));
  const rawBytes = isUtf8 ? {} : { bytes: Buffer.concat(parts.map(part => part.bytes)) };
  if (text === rawText) return { text, ...rawBytes };
  const bytes = isUtf8 ? {} : { bytes: Buffer.concat(parts.map(unflowBytes)) };
  return { text, ...bytes, raw: { text: rawText, ...rawBytes } };
}

/** Whether the bytes are the text's UTF-8; the lengths tell nearly always. */
function isUtf8Of(text: string, bytes: Uint8Array): boolean {
  return Buffer.byteLength(text) === bytes.length && (isAscii(bytes) || Buffer.from(text).equals(bytes));
}

function unflowBytes(part: MimePart): Buffer {
  const text = Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.byteLength).toString('latin1');
  return Buffer.from(part.flowed ? unflow(text, part.delsp) : text, 'latin1');
}

/** The bytes of the text from offset `at` (the start of a line) on. */
export function bytesFrom(content: { text: string; bytes?: Uint8Array }, at: number): Uint8Array {
  const rest = content.text.slice(at);
  if (!content.bytes) return Buffer.from(rest, 'utf8');
  let lines = countLines(content.text.slice(0, at));
  // Lines correspond in every charset that keeps ASCII; UTF-16 does not, and there the text is all there is.
  if (lines + countLines(rest) !== countLines(Buffer.from(content.bytes).toString('latin1'))) return Buffer.from(rest);
  let from = 0;
  while (lines-- > 0) from = content.bytes.indexOf(0x0a, from) + 1;
  return content.bytes.subarray(from);
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
