// SPDX-License-Identifier: MIT
// Every mail fixture: its series as the file beside it says, and its patches as git reads them.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Patch, Series } from '../../app/model/index.ts';
import { readMail, readSeries, splitMbox } from '../../app/series/index.ts';
import { updateGoldens } from '../support/env.ts';
import { assertLikeApply, assertLikeMailinfo, diffOf, mailinfo, mailsplit, Scratch } from './git-oracle.ts';

const DIR = resolve(import.meta.dirname, '../fixtures/mail');
const NAMES = readdirSync(DIR).filter(name => /\.(?:mbox|mboxrd|txt)$/.test(name));

/** git's words for these are an error; ours are the series' problem, or a better reading, which the golden shows. */
const GIT_REFUSES = new Set(['shape-charset-unknown.mbox']);
/** git appends every part of a multipart to the patch; we leave out what is neither text nor patch. */
const GIT_HAS_MORE = new Set(['shape-pgp-mime.mbox', 'shape-html-alternative.mbox']);
/** Only some lines end in CR: it belongs to the file. */
const CR_IN_FILE = new Set(['shape-cr-in-file-base64.mbox']);
/** The label is wrong and git follows it to a damaged patch; without the label git reads what we read. */
const NOT_REALLY_FLOWED = new Set(['bug-flowed-not-stuffed.mbox', 'bug-flowed-joins-lines.mbox']);

describe('mail fixtures', () => {
  let scratch: Scratch;
  before(() => {
    scratch = new Scratch();
  });
  after(() => {
    scratch[Symbol.dispose]();
  });

  for (const name of NAMES) {
    it(`${name}: the series`, async () => {
      const all = await readSeries(splitMbox(readFileSync(join(DIR, name)), name));
      const seen = `${JSON.stringify(all.map(describeSeries), null, 2)}\n`;
      const golden = join(DIR, `${name}.expected.json`);
      if (updateGoldens) writeFileSync(golden, seen);
      assert.equal(seen, existsSync(golden) ? readFileSync(golden, 'utf8') : '');
    });

    it(`${name}: as git reads it`, async () => {
      const bytes = readFileSync(join(DIR, name));
      const ours = splitMbox(bytes, name);
      const theirs = mailsplit(scratch, bytes, name.endsWith('.mboxrd'));
      assert.equal(ours.length, theirs.length, 'mails');
      for (const [index, raw] of ours.entries()) {
        const parsed = await readMail(raw);
        const mail = NOT_REALLY_FLOWED.has(name) ? withoutFlowed(theirs[index]!) : theirs[index]!;
        const git = mailinfo(scratch, mail, CR_IN_FILE.has(name));
        assert.equal(git === undefined, GIT_REFUSES.has(name), 'git takes it');
        if (!git) continue;
        assertLikeMailinfo(parsed.proposal, git);
        const diff = Buffer.from(parsed.proposal.diffBytes);
        const theirDiff = diffOf(git.patch);
        if (GIT_HAS_MORE.has(name)) assert.ok(theirDiff.subarray(0, diff.length - 1).equals(diff.subarray(0, -1)));
        else assert.equal(diff.toString('latin1'), theirDiff.toString('latin1'));
        if (diff.length > 0 && !name.startsWith('hostile-')) assertLikeApply(scratch, parsed.proposal.files, diff);
      }
    });

    it(`${name}: its mboxes go through git`, async () => {
      const all = await readSeries(splitMbox(readFileSync(join(DIR, name)), name));
      for (const patch of all.flatMap(series => (series.state === 'corrupted' ? [] : series.patches))) {
        checkMbox(patch, patch.mbox);
        if (patch.rawMbox) assert.equal(mailsplit(scratch, patch.rawMbox).length, 1);
      }
    });
  }

  function checkMbox(patch: Patch, mbox: Uint8Array): void {
    const mails = mailsplit(scratch, mbox);
    assert.equal(mails.length, 1);
    const git = mailinfo(scratch, mails[0]!, true);
    assert.ok(git);
    assertLikeMailinfo({ ...patch, log: patch.log.replace(/^\n+/, '') }, git);
    assertLikeApply(scratch, patch.files, git.patch);
  }

  it('has no golden without its mail', () => {
    const goldens = readdirSync(DIR).filter(name => name.endsWith('.expected.json'));
    assert.deepEqual(goldens.map(name => name.replace('.expected.json', '')).sort(), [...NAMES].sort());
  });
});

function withoutFlowed(mail: Buffer): Buffer {
  return Buffer.from(mail.toString('latin1').replace('; format=flowed', ''), 'latin1');
}

function describeSeries(series: Series): unknown {
  const { patches, replies, cover, ...rest } = series;
  return {
    ...rest,
    ...(cover && { cover: cover.subject }),
    patches: patches.map(patch => ({
      place: `${patch.index}/${patch.total}`,
      subject: patch.subject,
      author: `${patch.author.name} <${patch.author.address}>`,
      date: patch.date,
      trailers: patch.trailers.map(trailer => `${trailer.key}: ${trailer.value}`),
      files: patch.files.map(file => {
        const { hunks, preBlob, postBlob, ...facts } = file;
        return {
          ...facts,
          index: `${preBlob?.slice(0, 7)}..${postBlob?.slice(0, 7)}`,
          hunks: hunks.map(hunk =>
            `-${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} ${hunk.section}`.trim(),
          ),
        };
      }),
      ...(patch.rawMbox && { rawMbox: true }),
    })),
    replies: replies.map(reply => ({
      from: reply.mail.from.address,
      depths: [...new Set(reply.lines.map(line => line.depth))],
      hunks: reply.hunks,
      trailers: reply.trailers.map(trailer => `${trailer.key}: ${trailer.value}`),
    })),
  };
}
