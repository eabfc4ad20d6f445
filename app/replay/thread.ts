// SPDX-License-Identifier: MIT
// A judge in a thread of its own, seen from outside. The thread's side is worker.ts; both share what crosses between them.
import { Worker } from 'node:worker_threads';
import { AbideError, type ErrorCode } from '../errors.ts';
import type { Place } from '../trees/git.ts';
import { interrupted, type Judge, type Judged, type Task } from './judge.ts';

/** A batch; the thread answers batches in any order, and ends when its port is closed. */
export interface Question {
  readonly id: number;
  readonly tasks: readonly Task[];
}

/** What comes back. An error does not survive the way between threads as what it is. */
export type Answer = { readonly id: number } & (
  | { readonly judged: Judged }
  | { readonly failed: { readonly code?: ErrorCode; readonly message: string; readonly hint?: string } }
);

interface Waiting {
  readonly answer: (judged: Judged) => void;
  readonly fail: (error: Error) => void;
}

export function startThread(place: Place, signal?: AbortSignal): Judge {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: place });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { fail } of waiting.values()) fail(ended);
    waiting.clear();
  };
  const stop = (): void => end(interrupted());
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  worker.on('error', error => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => end(new Error('a thread of the replay ended early')));
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('judged' in answer) asked?.answer(answer.judged);
    else asked?.fail(revive(answer.failed));
  });
  return {
    judge: tasks =>
      new Promise((answer, fail) => {
        if (ended !== undefined) {
          fail(ended);
          return;
        }
        waiting.set(++last, { answer, fail });
        worker.postMessage({ id: last, tasks } satisfies Question);
      }),
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', stop);
      end(interrupted());
      // Its git ends when the pipe to it does.
      await worker.terminate();
    },
  };
}

function revive({ code, message, hint }: Extract<Answer, { failed: unknown }>['failed']): Error {
  return code === undefined ? new Error(message) : new AbideError(code, message, hint === undefined ? {} : { hint });
}
