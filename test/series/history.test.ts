// SPDX-License-Identifier: MIT
// 500 patches as git formats them, read as git reads them, and applied to the trees they came from.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMail, readSeries, splitMbox } from '../../app/series/index.ts';
import { logTrailers } from '../../app/series/trailers.ts';
import { historyDir, treeDir } from '../support/env.ts';
import { assertLikeApply, assertLikeMailinfo, diffOf, mailinfo, mailsplit, Scratch } from './git-oracle.ts';
import { makeHistory } from './made-history.ts';

const PATCHES = 500;
// Logs may hold lines that look like the start of a mail.
const FORMAT = ['-c', 'format.mboxrd=true', 'format-patch', '--stdout', '--binary', '-M', '-C', '--full-index'];

describe('patches from history', function () {
  this.timeout(240_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
  });
  afterEach(() => {
    scratch[Symbol.dispose]();
  });

  it(`reads ${PATCHES} patches of a made history as git does`, async () => {
    const commits = makeHistory(scratch, { treeDir, count: PATCHES, seed: 20261122 });
    assert.equal(commits.length, PATCHES);
    await compareAll(scratch.git([...FORMAT, `${commits[0]!}^..main`]).stdout, PATCHES);
  });

  it('takes a made history through git am, patch by patch, to the same trees', async () => {
    const commits = makeHistory(scratch, { treeDir, count: 120, seed: 7 });
    const [series] = await readSeries(
      splitMbox(scratch.git([...FORMAT, `${commits[0]!}^..main`]).stdout, 'main.mboxrd'),
    );
    assert.equal(series?.state, 'complete', series?.problem);
    assert.equal(series.patches.length, 120);
    assert.equal(scratch.git(['checkout', '-q', '-b', 'again', `${commits[0]!}^`]).status, 0);
    mkdirSync(join(scratch.dir, '.git/mails'));
    for (const [index, patch] of series.patches.entries()) {
      const file = join(scratch.dir, '.git/mails', `${index}.mbox`);
      writeFileSync(file, patch.mbox);
      // Files with a CR need no --keep-cr: such patches travel as base64.
      const ran = scratch.git(['am', '-q', '--', file]);
      assert.equal(ran.status, 0, `${patch.subject}\n${ran.stderr}${ran.stdout.toString()}`);
      const [tree, same] = ['HEAD', commits[index]!].map(rev =>
        scratch.git(['rev-parse', `${rev}^{tree}`]).stdout.toString(),
      );
      assert.equal(tree, same, patch.subject);
    }
    const format = ['log', '-1', '--format=%an%n%ae%n%aI%n%s'];
    const [tip, same] = ['again', 'main'].map(rev => scratch.git([...format, rev]).stdout.toString());
    assert.equal(tip, same);
  });

  const real = historyDir;
  if (real !== undefined) {
    it(`reads ${PATCHES} patches of rdma-core's history as git does`, async () => {
      const list = scratch.git(['--git-dir', gitDir(real), 'rev-list', '--no-merges', 'HEAD']).stdout.toString();
      const all = list.trim().split('\n');
      const chosen = Array.from({ length: PATCHES }, (_, index) => all[Math.floor((index * all.length) / PATCHES)]!);
      const args = [
        '--git-dir',
        gitDir(real),
        'log',
        '--no-walk=unsorted',
        '--stdin',
        '--pretty=mboxrd',
        '--patch-with-stat',
      ];
      const input = Buffer.from(`${chosen.join('\n')}\n`);
      await compareAll(scratch.git([...args, '--binary', '-M', '-C', '--full-index'], { input }).stdout, PATCHES);
    });
  }

  async function compareAll(mbox: Buffer, count: number): Promise<void> {
    const ours = splitMbox(mbox, 'history.mboxrd');
    const theirs = mailsplit(scratch, mbox, true);
    assert.equal(theirs.length, count);
    assert.equal(ours.length, count);
    for (const [index, raw] of ours.entries()) {
      const { proposal } = await readMail(raw);
      const git = mailinfo(scratch, theirs[index]!, true);
      assert.ok(git);
      assertLikeMailinfo(proposal, git);
      assert.ok(Buffer.from(proposal.diffBytes).equals(diffOf(git.patch)), `diff of ${git.subject}`);
      assert.equal(proposal.fault, undefined, git.subject);
      if (proposal.diff !== '') assertLikeApply(scratch, proposal.files, proposal.diffBytes);
      if (index % 5 === 0) assert.deepEqual(logTrailers(proposal.log), gitTrailers(proposal));
    }
  }

  function gitTrailers({ subject, log }: { subject: string; log: string }): { key: string; value: string }[] {
    const input = Buffer.from(`${subject}\n\n${log}`);
    const lines = scratch
      .git(['interpret-trailers', '--parse'], { input })
      .stdout.toString()
      .split('\n')
      .filter(Boolean);
    return lines.map(line => ({
      key: line.slice(0, line.indexOf(':')),
      value: line.slice(line.indexOf(':') + 1).trim(),
    }));
  }
});

function gitDir(dir: string): string {
  using scratch = new Scratch();
  return scratch.git(['-C', dir, 'rev-parse', '--absolute-git-dir']).stdout.toString().trim();
}
