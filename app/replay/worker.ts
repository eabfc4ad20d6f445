// SPDX-License-Identifier: MIT
// The thread of a judge (thread.ts): answers batches of commits. Writes to nobody but its port.
import { parentPort, workerData } from 'node:worker_threads';
import { loadParsers } from '../abi/index.ts';
import { AbideError } from '../errors.ts';
import type { Place } from '../trees/git.ts';
import { rules } from '../../rules/index.ts';
import { openJudge } from './judge.ts';
import type { Answer, Question } from './thread.ts';

const port = parentPort!;
const parsers = loadParsers();
const judge = openJudge(workerData as Place, rules);

async function answer({ id, tasks }: Question): Promise<Answer> {
  try {
    await parsers;
    return { id, judged: await judge.judge(tasks) };
  } catch (error) {
    if (error instanceof AbideError) {
      const { code, message, hint } = error;
      return { id, failed: { code, message, ...(hint === undefined ? {} : { hint }) } };
    }
    return { id, failed: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) } };
  }
}

port.on('message', (question: Question) => void answer(question).then(each => port.postMessage(each)));
