// SPDX-License-Identifier: MIT
// Pure: the bytes of one stream of a sandbox, all counted, the last ones kept.
import { LOG_TAIL } from './sanitise.ts';

/** Calls `full` when more than `limit` came, and takes nothing from then on; keeps about `keep` of them. */
export class Tail {
  readonly #limit: number;
  readonly #full: () => void;
  readonly #keep: number;
  #pieces: Buffer[] = [];
  #kept = 0;
  #seen = 0;

  constructor(limit: number, full: () => void, keep: number = 4 * LOG_TAIL) {
    this.#limit = limit;
    this.#full = full;
    this.#keep = keep;
  }

  add(piece: Buffer): void {
    this.#seen += piece.length;
    if (this.#seen > this.#limit) this.#full();
    else this.#push(piece);
  }

  #push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#kept += piece.length;
    while (this.#kept - (this.#pieces[0]?.length ?? 0) > this.#keep) this.#kept -= this.#pieces.shift()?.length ?? 0;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}
