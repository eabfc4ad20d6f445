// SPDX-License-Identifier: MIT
// Lanes that judge side by side: this thread for one, worker threads for more. Gives the results in the order of the batches.
import { loadParsers } from '../abi/index.ts';
import type { Rule } from '../review/index.ts';
import type { Place } from '../trees/git.ts';
import { rules as allRules } from '../../rules/index.ts';
import { openJudge, type Judge, type Judged, type Task } from './judge.ts';
import { startThread } from './thread.ts';

/** Batches that a lane has at once: git reads the next while one is judged. */
const AHEAD = 2;

export interface Lanes extends AsyncDisposable {
  run(batches: readonly (readonly Task[])[]): AsyncGenerator<Judged>;
}

interface LaneOptions {
  readonly jobs: number;
  readonly rules?: readonly Rule[];
  readonly signal?: AbortSignal;
}

export async function openLanes(place: Place, options: LaneOptions): Promise<Lanes> {
  const { jobs, rules, signal } = options;
  const here = jobs <= 1 || rules !== undefined;
  if (here) await loadParsers();
  const lanes = here
    ? [openJudge(place, rules ?? allRules, signal)]
    : Array.from({ length: jobs }, () => startThread(place, signal));
  return {
    async *run(batches) {
      let stopped = false;
      const results = batches.map(() => Promise.withResolvers<Judged>());
      // Told when they are awaited; a throw before that must not leave them unheard.
      for (const { promise } of results) promise.catch(() => undefined);
      const feed = async (lane: Judge, waiting: Iterable<number>): Promise<void> => {
        for (const at of waiting) {
          if (stopped) return;
          await lane.judge(batches[at]!).then(results[at]!.resolve, results[at]!.reject);
        }
      };
      // Neighbours in history share most of their text, and what is read once is remembered: a lane gets one stretch.
      for (const [index, lane] of lanes.entries()) {
        const waiting = numbers(
          share(batches.length, index, lanes.length),
          share(batches.length, index + 1, lanes.length),
        );
        for (let ahead = 0; ahead < AHEAD; ahead++) void feed(lane, waiting);
      }
      try {
        for (const { promise } of results) yield await promise;
      } finally {
        stopped = true;
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map(lane => lane[Symbol.asyncDispose]()));
    },
  };
}

const share = (all: number, index: number, lanes: number): number => Math.floor((all * index) / lanes);

/** Handed out once each, however many take from it. */
function* numbers(from: number, to: number): Generator<number> {
  for (let at = from; at < to; at++) yield at;
}
