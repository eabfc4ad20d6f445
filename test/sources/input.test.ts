// SPDX-License-Identifier: MIT
// What can be named on the command line: files, maildirs, folders, standard input, ranges; and what is said of all else.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AbideError } from '../../app/errors.ts';
import { readSeries, splitMbox } from '../../app/series/index.ts';
import { readInput } from '../../app/sources/index.ts';

const MBOX = resolve(import.meta.dirname, '../fixtures/mail/shape-cover-letter-three-patches.mbox');
const bytes = readFileSync(MBOX);
const mails = splitMbox(bytes, MBOX);

async function* stream(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
const nothing = { stdin: stream() };

describe('readInput', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'abide-input-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  async function assertIsTheSeries(inputs: string[], stdin = stream()): Promise<void> {
    const [series, ...others] = await readSeries(await readInput(inputs, { stdin }));
    assert.deepEqual(others, []);
    assert.equal(series?.state, 'complete', series?.problem);
    assert.equal(series.patches.length, 3);
    assert.equal(series.replies.length, 3);
  }

  it('reads an mbox', () => assertIsTheSeries([MBOX]));

  it('reads standard input in pieces', () =>
    assertIsTheSeries(['-'], stream(bytes.subarray(0, 1000), bytes.subarray(1000, 1001), bytes.subarray(1001))));

  it('reads a maildir, and nothing that is still being delivered', async () => {
    for (const sub of ['cur', 'new', 'tmp']) mkdirSync(join(dir, sub));
    for (const [index, mail] of mails.entries()) {
      const withoutFromLine = mail.bytes.subarray(mail.bytes.indexOf(0x0a) + 1);
      writeFileSync(
        join(dir, index % 2 ? 'cur' : 'new', `144400000${index}.M1P1.host${index % 2 ? ':2,S' : ''}`),
        withoutFromLine,
      );
    }
    writeFileSync(join(dir, 'tmp/half'), 'Subject: [PATCH 2/2] half');
    await assertIsTheSeries([dir]);
  });

  it('reads a folder of patches in the order of their numbers', async () => {
    for (const [index, mail] of mails.entries()) writeFileSync(join(dir, `${index + 8}-x.patch`), mail.bytes);
    writeFileSync(join(dir, '.hidden'), bytes);
    writeFileSync(join(dir, '8-x.patch~'), bytes);
    mkdirSync(join(dir, 'sub'));
    const raws = await readInput([dir], nothing);
    assert.deepEqual(
      raws.map(raw => raw.source),
      mails.map((_, index) => join(dir, `${index + 8}-x.patch`)),
    );
    await assertIsTheSeries([dir]);
  });

  it('reads more mails than a function takes arguments', async () => {
    const many = Buffer.from('From x Thu Jan  1 00:00:00 1970\n\n'.repeat(200_000));
    assert.equal((await readInput(['-'], { stdin: stream(many) })).length, 200_000);
    writeFileSync(join(dir, '1.mbox'), many);
    assert.equal((await readInput([dir], nothing)).length, 200_000);
  });

  it('reads several files as one input', async () => {
    const names = mails.map((mail, index) => {
      writeFileSync(join(dir, `${index}.eml`), mail.bytes);
      return join(dir, `${index}.eml`);
    });
    await assertIsTheSeries(names.reverse());
  });

  it('reads a pipe', async () => {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', MBOX, pipe], { stdio: 'ignore' });
    await assertIsTheSeries([pipe]);
    if (writer.exitCode === null) await once(writer, 'exit');
  });

  it('asks the tree for a range, and for nothing that is none', async () => {
    const asked: string[] = [];
    const formatRange = async (range: string): Promise<Uint8Array> => {
      asked.push(range);
      return bytes;
    };
    for (const range of ['HEAD~3..HEAD', 'v1.0...topic', '..HEAD', 'main..']) {
      assert.equal((await readInput([range], { stdin: stream(), formatRange })).length, mails.length);
    }
    const escaped = async (): Promise<Uint8Array> => Buffer.from('Subject: x\n\n>From the log\n');
    const [mail] = await readInput(['A..B'], { stdin: stream(), formatRange: escaped });
    assert.match(Buffer.from(mail!.bytes).toString(), /^From the log$/m);
    assert.deepEqual(asked, ['HEAD~3..HEAD', 'v1.0...topic', '..HEAD', 'main..']);
    for (const none of ['no-such-file', '--output=x..y', '../x', 'a b..c']) {
      await assert.rejects(readInput([none], { stdin: stream(), formatRange }), isUnreadable(/no such file or folder/));
    }
    assert.equal(asked.length, 4);
  });

  it('says what cannot be read, and what to do', async () => {
    writeFileSync(join(dir, 'empty'), '\n\n');
    await assert.rejects(readInput([join(dir, 'empty')], nothing), isUnreadable(/no mail in it/));
    await assert.rejects(readInput(['-'], nothing), isUnreadable(/no mail in it/));
    await assert.rejects(readInput([dir, '/dev/zero'], nothing), isUnreadable(/not a file of mails/));
    await assert.rejects(readInput(['A..B'], nothing), isUnreadable(/no such file/));
    await assert.rejects(
      readInput([], nothing),
      (error: unknown) => error instanceof AbideError && error.code === 'usage',
    );
  });
});

function isUnreadable(message: RegExp): (error: unknown) => boolean {
  return error => error instanceof AbideError && error.code === 'input-unreadable' && message.test(error.message);
}
