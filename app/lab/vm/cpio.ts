// SPDX-License-Identifier: MIT
// Writes an initramfs archive (cpio "newc", Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
// Pure: the same entries give the same bytes, whoever builds them and when.

export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly kind: 'dir' | 'file' | 'link';
  /** Permission bits; links have 0777. */
  readonly mode?: number;
  /** A file's content, or where a link points. */
  readonly data?: Uint8Array | string;
}

const TYPE = { dir: 0o040000, file: 0o100000, link: 0o120000 } as const;

/** Sorted by path, with every missing parent folder added. */
export function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const all = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let n = 1; n < parts.length; n++) {
      const path = parts.slice(0, n).join('/');
      if (!all.has(path)) all.set(path, { path, kind: 'dir' });
    }
    all.set(entry.path, entry);
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function record(entry: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${entry.path}\0`);
  const data = Buffer.from(entry.data ?? '');
  const mode = TYPE[entry.kind] | (entry.kind === 'link' ? 0o777 : (entry.mode ?? 0o755));
  // magic; inode, mode, uid, gid, links, mtime, size, four device numbers, name size, check: 8 hex digits each
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const head = Buffer.from(`070701${fields.map(f => f.toString(16).padStart(8, '0')).join('')}`);
  const pad = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);
  return Buffer.concat([head, name, pad(head.length + name.length), data, pad(data.length)]);
}

/** The archive's bytes. Parents of a path must come before it: see `withParents`. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const trailer = record({ path: 'TRAILER!!!', kind: 'file', mode: 0 }, 0);
  return Buffer.concat([...entries.map((entry, n) => record(entry, n + 1)), trailer]);
}
