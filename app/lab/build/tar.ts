// SPDX-License-Identifier: MIT
// Pure: reads a tar archive made by a stranger. Regular files and folders of plain names only; anything else refuses the whole.

export interface TarFile {
  /** Relative, of `[A-Za-z0-9_.+-]` parts, never `.` or `..`. */
  readonly path: string;
  readonly bytes: Buffer;
}

export interface TarLimits {
  readonly files: number;
  readonly bytes: number;
}

const BLOCK = 512;
const NAME = /^[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,99}$/;

/** @throws Error with a sentence on the first thing that is not as promised */
export function readTar(archive: Buffer, limits: TarLimits): TarFile[] {
  const files = new Map<string, TarFile>();
  let total = 0;
  for (let at = 0; ;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw new Error('the archive is cut short');
    if (header.every(byte => byte === 0)) break;
    checkSum(header);
    const path = text(header, 0, 100).replace(/^\.\//, '').replace(/\/$/, '');
    const type = header[156] === 0 ? '0' : String.fromCharCode(header[156] ?? 0);
    const size = octal(header, 124, 12);
    at += BLOCK;
    if (type === '5' && size === 0) continue;
    if (type !== '0') throw new Error(`${JSON.stringify(path)} is not a regular file (type ${JSON.stringify(type)})`);
    if (text(header, 345, 155) !== '' || !path.split('/').every(part => NAME.test(part))) {
      throw new Error(`unsafe name ${JSON.stringify(path)}`);
    }
    total += size;
    if (total > limits.bytes || files.size >= limits.files) throw new Error('more than there may be');
    if (at + size > archive.length) throw new Error('the archive is cut short');
    if (files.has(path)) throw new Error(`${path} is there twice`);
    files.set(path, { path, bytes: archive.subarray(at, at + size) });
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('latin1');
}

function octal(header: Buffer, from: number, length: number): number {
  const digits = text(header, from, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw new Error('a header holds no number where there must be one');
  return Number.parseInt(digits, 8);
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 32 : byte;
  if (sum !== octal(header, 148, 8)) throw new Error('a header is damaged');
}
