// SPDX-License-Identifier: MIT
// Where one mail of an mbox ends and the next begins: as `git mailsplit` has it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { splitMbox } from '../../app/series/index.ts';
import { mailsplit, Scratch } from './git-oracle.ts';

const LINES = [
  'From ada@example.org Mon Oct  5 10:00:00 2015',
  'From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001',
  'From here on, 10:00:00 is late in 2015',
  'From here on, 10:00:00 is late',
  'From a 1:00:00 2015',
  'From a b 10:00:00 1989',
  'From a b 10:00:00 +0200 2015',
  'From: Ada <ada@example.org>',
  '>From a Mon Oct  5 10:00:00 2015',
  '>>From a Mon Oct  5 10:00:00 2015',
  'From',
  'From ',
  ' From a Mon Oct  5 10:00:00 2015',
  'text',
  '',
];

describe('splitMbox', () => {
  it('splits as git mailsplit does', function () {
    this.timeout(180_000);
    using scratch = new Scratch();
    const mbox = fc
      .array(fc.constantFrom(...LINES), { minLength: 1, maxLength: 12 })
      .map(lines => `x\n${lines.join('\n')}\n`);
    const first = fc.constantFrom(LINES[0]!, LINES[1]!, 'Subject: bare');
    fc.assert(
      fc.property(first, mbox, fc.boolean(), (start, rest, mboxrd) => {
        const bytes = Buffer.from(`${start}\n${rest}`);
        const ours = splitMbox(bytes, mboxrd ? 'x.mboxrd' : 'x');
        const theirs = mailsplit(scratch, bytes, mboxrd);
        assert.deepEqual(
          ours.map(raw => Buffer.from(raw.bytes).toString()),
          theirs.map(String),
        );
      }),
      { seed: 20261122, numRuns: 100 },
    );
  });

  it('says where each mail starts, and copies none', () => {
    const bytes = Buffer.from(`\n\n${LINES[0]!}\na: b\n\none\n${LINES[0]!}\na: b\n\ntwo\n`);
    const mails = splitMbox(bytes, 'x');
    assert.equal(mails.length, 2);
    for (const mail of mails)
      assert.equal(bytes.toString('latin1', Number(mail.cursor), Number(mail.cursor) + 8), 'From ada');
    assert.equal(mails[1]!.bytes.buffer, bytes.buffer);
  });

  it('gives nothing for nothing', () => {
    assert.deepEqual(splitMbox(Buffer.from(' \n\t\r\n'), 'x'), []);
  });
});
