// SPDX-License-Identifier: MIT
// Mails that want to break the reader: each ends, in time, as a series with a sentence or as nothing at all.
import assert from 'node:assert/strict';
import type { RawMail, Series } from '../../app/model/index.ts';
import { parseDiff, readSeries, splitMbox } from '../../app/series/index.ts';

const HEAD = 'From: Ada Example <ada@example.org>\nSubject: [PATCH] demo\nDate: Mon, 5 Oct 2015 10:00:00 +0300\n';
const DIFF = 'diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n';

const raw = (text: string | Buffer): RawMail => ({ source: 'test', cursor: '0', bytes: Buffer.from(text as string) });
const patch = (diff: string, more = ''): RawMail => raw(`${HEAD}${more}\nlog\n---\n${diff}`);

/** The one series of the mails, read within `seconds` of this process's time: other processes do not count. */
async function readWithin(seconds: number, ...raws: RawMail[]): Promise<Series | undefined> {
  const started = process.cpuUsage();
  const [series] = await readSeries(raws);
  const { user, system } = process.cpuUsage(started);
  const took = (user + system) / 1e6;
  assert.ok(took < seconds, `took ${took.toFixed(1)} s`);
  return series;
}

async function assertCorrupted(problem: RegExp, ...raws: RawMail[]): Promise<void> {
  const series = await readWithin(5, ...raws);
  assert.equal(series?.state, 'corrupted');
  assert.match(series.problem ?? '', problem);
}

describe('hostile mails', function () {
  this.timeout(180_000);

  it('12000 patches, each in answer to the one before', async () => {
    const chain = Array.from({ length: 12_000 }, (_, at) => {
      const head = `From: A <a@b.c>\nSubject: [PATCH] ${at}\nMessage-ID: <${at}@x>\nIn-Reply-To: <${at - 1}@x>`;
      return raw(`${head}\n\nlog\n---\n${DIFF}`);
    });
    const series = await readWithin(30, ...chain);
    assert.equal(series?.title, '0');
  });

  it('a line of 100 MB', async () => {
    await assertCorrupted(/larger than 16 MiB/, patch(`${DIFF}+${'x'.repeat(100 * 1024 * 1024)}\n`));
  });

  it('a line of 15 MB', async () => {
    const long = 'x'.repeat(15 * 1024 * 1024);
    const series = await readWithin(5, patch(`diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+${long}\n`));
    assert.equal(series?.state, 'complete');
  });

  it('15 MB of newlines, of tabs, of dashes, of quotes, of hunk headers', async () => {
    for (const piece of [
      '\n',
      '\t',
      '-',
      '>',
      ' ',
      '@@ -1 +1 @@\n',
      '--- a\n+++ a\n',
      'diff --git a/f b/f\n',
      'Index: \n',
      '8< - ',
      '=?',
      '[',
    ]) {
      await readWithin(10, patch(piece.repeat((15 * 1024 * 1024) / piece.length)));
    }
  });

  it('a million header fields', async () => {
    await assertCorrupted(/header larger than/, patch(DIFF, 'X-Field: value\n'.repeat(1_000_000)));
  });

  it('a million References, all to one another', async () => {
    const mails = Array.from({ length: 300 }, (_, index) => {
      const ids = Array.from({ length: 300 }, (__, other) => `<m${other}@x>`).join(' ');
      return patch(DIFF, `Message-ID: <m${index}@x>\nReferences: ${ids}\n`);
    });
    await readWithin(10, ...mails);
  });

  it('twenty thousand mails that all claim one place', async () => {
    const mails = Array.from({ length: 12_000 }, (_, index) =>
      raw(`Subject: [PATCH v2 ${index % 3}/2] x\nMessage-ID: <n${index}@x>\n\n---\n${DIFF.replace('+b', `+${index}`)}`),
    );
    await readWithin(30, ...mails);
  });

  it('blanks without end, in a header, a file name, a trailer and a diffstat', async () => {
    const blanks = ' '.repeat(900_000);
    await readWithin(5, raw(`From: a${blanks}b\nSubject: [PATCH]${blanks}x\n\n---\n${DIFF}`));
    await readWithin(5, patch(`--- a/f${blanks}x\n+++ b/f${blanks}x\n@@ -1 +1 @@\n-a\n+b\n`.repeat(8)));
    const blank = ' '.repeat(30_000);
    await readWithin(5, patch(`--- a/f${blank}x\n+++ b/f${blank}x\n@@ -1 +1 @@\n-a\n+b\n`.repeat(250)));
    const reply = raw(`Subject: Re: x\nIn-Reply-To: <p@x>\n\nAcked-by:${blanks}x\n${'\n'.repeat(900_000)}`);
    await readWithin(
      5,
      patch(DIFF, 'Message-ID: <p@x>\nIn-Reply-To: <q@x>\n'),
      reply,
      raw(`Message-ID: <q@x>\n\n${'\n'.repeat(1e6)}`),
    );
  });

  it('a header field of 900 KB: subject, addresses, encoded words', async () => {
    for (const piece of ['[', 'Re: ', '=?utf-8?q?a?= ', '(', '"', '<', 'a@', '\\']) {
      const value = piece.repeat(Math.floor(900_000 / piece.length));
      await readWithin(5, raw(`From: ${value}\nSubject: ${value}\nDate: ${value}\nMessage-ID: ${value}\n\n${DIFF}`));
    }
  });

  it('multiparts in multiparts', async () => {
    let body = 'Content-Type: text/plain\n\ndeep\n';
    for (let depth = 0; depth < 500; depth++) {
      body = `Content-Type: multipart/mixed; boundary="b${depth}"\n\n--b${depth}\n${body}\n--b${depth}--\n`;
    }
    await assertCorrupted(/MIME structure/, raw(HEAD + body));
  });

  it('half a million parts', async () => {
    const parts = '--b\n\nx\n'.repeat(500_000);
    await assertCorrupted(/more MIME parts/, raw(`${HEAD}Content-Type: multipart/mixed; boundary=b\n\n${parts}`));
  });

  it('a message in a message in a message', async () => {
    let body = `${HEAD}\n${DIFF}`;
    for (let depth = 0; depth < 100; depth++) body = `Content-Type: message/rfc822\n\n${body}`;
    await readWithin(5, raw(HEAD + body));
  });

  it('files outside the tree, in .git, or absolute, by every way a diff can name them', async () => {
    const bad = ['../x', 'a/../../x', '.git/config', 'sub/.GIT/hooks/x', '.git\u200c/config', 'a//b', './x'];
    for (const path of bad) {
      await assertCorrupted(/out of the tree|inside \.git|plain path/, patch(DIFF.replaceAll('/f', `/${path}`)));
      await assertCorrupted(
        /./,
        patch(`diff --git a/f b/f\nsimilarity index 100%\nrename from f\nrename to ${path}\n`),
      );
      await assertCorrupted(/./, patch(`diff --git a/f b/f\nsimilarity index 100%\ncopy from ${path}\ncopy to f\n`));
      await assertCorrupted(/./, patch(`--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-a\n+b\n`));
    }
    await assertCorrupted(/absolute/, patch('diff --git a/f b/f\nrename from f\nrename to /etc/passwd\n'));
    await assertCorrupted(/inside \.git/, patch('diff --git "a/.\\147it/x" "b/.\\147it/x"\nnew file mode 100644\n'));
  });

  it('symbolic links that lead out', async () => {
    const link = (target: string): string =>
      `diff --git a/d/l b/d/l\nnew file mode 120000\n--- /dev/null\n+++ b/d/l\n@@ -0,0 +1 @@\n+${target}\n\\ No newline at end of file\n`;
    for (const target of ['/etc/passwd', '../../x', 'a/../../../x']) {
      await assertCorrupted(/symbolic link to .* outside the tree/, patch(link(target)));
    }
    assert.equal((await readWithin(5, patch(link('../inside'))))?.state, 'complete');
  });

  it('modes that are none of a file', async () => {
    await assertCorrupted(/mode 040000/, patch('diff --git a/f b/f\nnew file mode 040000\n'));
    await assertCorrupted(/mode 010644/, patch('diff --git a/f b/f\nold mode 100644\nnew mode 010644\n'));
  });

  it('hunks that lie about their length', async () => {
    for (const counts of ['-1,2 +1', '-1 +1,2', '-1,0 +1', '-0,0 +0,0', '-1,999999999 +1,999999999']) {
      await assertCorrupted(/hunk/, patch(DIFF.replace('-1 +1', counts)));
    }
    await assertCorrupted(/no file/, patch('---\n@@ -1 +1 @@\n-a\n+b\n'));
  });

  it('NUL in every field', async () => {
    const mail = `From: A\0da <a\0da@example.org>\nSubject: [PATCH] d\0emo\nMessage-ID: <a\0b@x>\n\nl\0og\n---\n${DIFF.replace('+b', '+\0')}`;
    const series = await readWithin(5, raw(mail));
    assert.ok(!series?.title.includes('\0'));
  });

  it('an mbox of nothing but From_ lines', () => {
    const mails = splitMbox(Buffer.from('From a Mon Sep 17 00:00:00 2001\n'.repeat(200_000)), 'x');
    assert.equal(mails.length, 200_000);
  });

  it('gives files even of half a diff', () => {
    const files = parseDiff(`${DIFF}diff --git a/g b/g\n--- a/g\n+++ b/g\n@@ -1,3 +1,3 @@\n-x\n`);
    assert.deepEqual(
      files.map(file => [file.path, file.additions]),
      [
        ['f', 1],
        ['g', 0],
      ],
    );
  });
});
