// SPDX-License-Identifier: MIT
// One long `git cat-file --batch-command -z` that answers every question about objects. Names are refused where they could be two questions.
import { execa } from 'execa';
import { AbideError } from '../errors.ts';
import { gitEnv, type Place } from './git.ts';
import { clean } from './words.ts';

export interface ObjectInfo {
  readonly id: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag';
  readonly size: number;
}

export interface CatFile extends AsyncDisposable {
  /** `name` is anything that rev-parse knows: an id, an abbreviated id, `COMMIT:path`. undefined where there is no such object. */
  info(name: string): Promise<ObjectInfo | undefined>;
  /** A blob's bytes; undefined where there is none or it is larger than `MAX_BLOB`. */
  blob(name: string): Promise<Buffer | undefined>;
}

/** The largest file of rdma-core is 0.3 MB; what is larger than this is no source text. */
export const MAX_BLOB = 16 << 20;

interface Question {
  readonly name: string;
  readonly contents: boolean;
  readonly answer: (found: { info: ObjectInfo; bytes: Buffer } | undefined) => void;
  readonly fail: (error: Error) => void;
}

/** Nothing is started before the first question. */
export function openCatFile(place: Place): CatFile {
  let running: ReturnType<typeof start> | undefined;
  const ask = (name: string, contents: boolean): Promise<{ info: ObjectInfo; bytes: Buffer } | undefined> => {
    // Our paths come from mails: an empty one, or one with a NUL, names nothing; git dies of `:./` and `:../` in a bare repository.
    if (name === '' || name.includes('\0') || /:\.{1,2}(?:\/|$)/.test(name)) return Promise.resolve(undefined);
    if (running === undefined || running.ended()) running = start(place);
    return running.ask(name, contents);
  };
  const info = async (name: string): Promise<ObjectInfo | undefined> => (await ask(name, false))?.info;
  return {
    info,
    async blob(name) {
      const found = await info(name);
      if (found?.type !== 'blob' || found.size > MAX_BLOB) return undefined;
      return (await ask(found.id, true))?.bytes;
    },
    async [Symbol.asyncDispose]() {
      await running?.stop();
    },
  };
}

function start(place: Place) {
  const child = execa('git', ['cat-file', '--batch-command', '-z'], {
    cwd: place.cwd,
    env: gitEnv(place),
    extendEnv: false,
    buffer: { stdout: false, stderr: true },
    encoding: 'buffer',
    reject: false,
  });
  const waiting: Question[] = [];
  let pending: Buffer = Buffer.alloc(0);
  let ended = false;

  child.stdout.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let question = waiting[0]; question !== undefined; question = waiting[0]) {
      const answer = takeAnswer(question, pending);
      if (answer === undefined) return;
      pending = pending.subarray(answer.used);
      waiting.shift();
      question.answer(answer.found);
    }
  });
  child.stdin.on('error', () => undefined); // Said by the exit below.
  const gone = child.then(result => {
    ended = true;
    const words = clean(Buffer.from(result.stderr).toString('utf8'));
    const error = new AbideError('git-failed', `git cat-file ended early${words && `: ${words}`}`);
    for (const question of waiting.splice(0)) question.fail(error);
  });

  return {
    ended: (): boolean => ended,
    ask: (name: string, contents: boolean): Promise<{ info: ObjectInfo; bytes: Buffer } | undefined> =>
      new Promise((answer, fail) => {
        waiting.push({ name, contents, answer, fail });
        child.stdin.write(`${contents ? 'contents' : 'info'} ${name}\0`);
      }),
    async stop(): Promise<void> {
      child.stdin.end();
      const patience = setTimeout(() => child.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(patience);
    },
  };
}

/** The first answer of `bytes`, once it is there whole. `-z` is of the input alone: a name that is not found comes back with its line ends. */
function takeAnswer(
  question: Question,
  bytes: Buffer,
): { used: number; found: { info: ObjectInfo; bytes: Buffer } | undefined } | undefined {
  for (const word of ['missing', 'ambiguous']) {
    const miss = Buffer.from(`${question.name} ${word}\n`);
    if (bytes.subarray(0, miss.length).equals(miss)) return { used: miss.length, found: undefined };
    // The echo may still be on its way, and a name's own line end is no answer's.
    if (miss.subarray(0, bytes.length).equals(bytes)) return undefined;
  }
  const end = bytes.indexOf(0x0a);
  if (end < 0) return undefined;
  const header = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/.exec(bytes.toString('latin1', 0, end));
  if (header === null) {
    // Anything else than the two words above, such as `… submodule`, is one line.
    return { used: end + 1, found: undefined };
  }
  const info = { id: header[1]!, type: header[2] as ObjectInfo['type'], size: Number(header[3]) };
  if (!question.contents) return { used: end + 1, found: { info, bytes: Buffer.alloc(0) } };
  const whole = end + 1 + info.size + 1;
  if (bytes.length < whole) return undefined;
  return { used: whole, found: { info, bytes: Buffer.from(bytes.subarray(end + 1, end + 1 + info.size)) } };
}
