// SPDX-License-Identifier: MIT
// Collects what a guest prints, up to a limit. It may not interpret it.
import type { Readable } from 'node:stream';

export interface Capture {
  /** What came from byte `from` on, decoded; what is no UTF-8 becomes U+FFFD. */
  text(from?: number): string;
  readonly size: number;
  readonly flooded: boolean;
  /** Resolves with true once `pattern`, of at most 200 bytes, has come; with false when the stream ends before. */
  seen(pattern: RegExp): Promise<boolean>;
}

const LONGEST_MATCH = 200;

/** `onFlood` is called once, when more than `limit` bytes came; what comes later is dropped. */
export function capture(stream: Readable, limit: number, onFlood: () => void): Capture {
  const chunks: Buffer[] = [];
  const watchers = new Set<(recent: string) => void>();
  let size = 0;
  let flooded = false;
  let ended = false;
  let tail: Buffer = Buffer.alloc(0);
  const wake = (recent: string): void => {
    for (const watcher of [...watchers]) watcher(recent);
  };
  stream.on('data', (chunk: Buffer) => {
    if (flooded) return;
    const kept = chunk.subarray(0, limit - size);
    chunks.push(kept);
    size += kept.length;
    if (kept.length < chunk.length) {
      flooded = true;
      onFlood();
    }
    const recent = Buffer.concat([tail, kept]);
    wake(recent.toString('utf8'));
    tail = recent.subarray(-LONGEST_MATCH);
  });
  const end = (): void => {
    ended = true;
    wake('');
  };
  stream.on('close', end);
  stream.on('error', end);

  const text = (from = 0): string => Buffer.concat(chunks).subarray(from).toString('utf8');
  return {
    text,
    get size() {
      return size;
    },
    get flooded() {
      return flooded;
    },
    seen: pattern =>
      new Promise(resolve => {
        const look = (recent: string): void => {
          const found = pattern.test(recent);
          if (!found && !ended) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        look(text());
      }),
  };
}
