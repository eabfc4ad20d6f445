// SPDX-License-Identifier: MIT
// The base ladder, rung by rung: which commit, and the phrase that says why.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openTree, type Tree } from '../../app/trees/index.ts';
import type { Series } from '../../app/model/index.ts';
import { format, lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

/** The series as a mailer without `index` lines, or another tree, would have left it. */
const withoutBlobs = (mails: string): string => mails.replace(/^index [0-9a-f]+\.\.[0-9a-f]+( \d+)?\n/gm, '');
const withDate = (mails: string, date: string): string => mails.replace(/^Date: .*$/gm, `Date: ${date}`);
/** At the end of the first patch, where git format-patch puts it. */
const withFooter = (mails: string, footer: string): string => {
  const second = mails.indexOf('\nFrom ');
  const at = second < 0 ? mails.length : second;
  return `${mails.slice(0, at)}\n${footer}\n-- \n2.39.5\n\n${mails.slice(at + 1)}`;
};

describe('trees: base ladder', function () {
  this.timeout(60_000); // Each test starts some dozens of processes.
  const place = scratch();
  let repo: Repo;
  let tree: Tree;
  let mails: string;
  const id: Record<string, string> = {};

  before(async () => {
    repo = makeRepo(join(place.dir, 'repo'));
    id['root'] = repo.commit('root', { 'a.h': lines('a', 30), 'b.h': lines('b', 30) });
    id['old'] = repo.commit('old', { 'b.h': lines('b', 31) });
    id['between'] = repo.commit('between', { 'c.h': 'c\n' });
    repo.git('branch', 'stable-v43');
    repo.git('checkout', '-q', '-b', 'topic');
    repo.commit('change a', { 'a.h': lines('a', 30).replace('a 9\n', 'a nine\n') });
    repo.commit('change b, add d', { 'b.h': lines('b', 31).replace('b 9\n', 'b nine\n'), 'd.h': 'd\n' });
    mails = format(repo, 'master..topic');
    repo.git('checkout', '-q', 'master');
    id['newer'] = repo.commit('newer', { 'b.h': lines('b', 31).replace('b 9\n', 'b 9, other\n') });
    id['tip'] = repo.commit('tip', { 'e.h': 'e\n' });
    repo.git('checkout', '-q', 'stable-v43');
    id['stable'] = repo.commit('stable', { 'f.h': 'f\n' });
    repo.git('checkout', '-q', 'master');
    tree = await openTree({ dir: repo.dir, cache: join(place.dir, 'cache') });
  });
  after(async () => {
    await tree[Symbol.asyncDispose]();
    place.remove();
  });

  async function expectBase(series: Series, commit: string | undefined, how: RegExp, explicit?: string): Promise<void> {
    const base = await tree.findBase(series, explicit);
    assert.match(base.how, how);
    assert.equal(base.commit, commit, base.how);
  }

  it('takes what --base names before all else, and knows when it is nothing', async () => {
    const series = await seriesOf(withFooter(mails, `base-commit: ${id['between']}`));
    await expectBase(series, id['old'], /^named by --base \(master~3\)$/, 'master~3');
    await assert.rejects(tree.findBase(series, 'nosuch'), { code: 'revision-unknown' });
    await assert.rejects(tree.findBase(series, '--upload-pack=x'), { code: 'revision-unknown' });
  });

  it('takes the footer', async () => {
    await expectBase(
      await seriesOf(withFooter(mails, `base-commit: ${id['root']}`)),
      id['root'],
      /^base-commit footer$/,
    );
  });

  it('goes on where the tree lacks what the footer names, and says so', async () => {
    const series = await seriesOf(withFooter(mails, `base-commit: ${'ab'.repeat(20)}`));
    await expectBase(
      series,
      id['between'],
      /every file as the series found it; .*footer names (ab){20}, which the tree lacks$/,
    );
  });

  it('does not take a blob or a tree for a commit', async () => {
    const blob = repo.git('rev-parse', 'master:a.h');
    const series = await seriesOf(withFooter(mails, `base-commit: ${blob}`));
    await expectBase(series, id['between'], /which the tree lacks/);
  });

  it('finds the newest commit with every pre-image', async () => {
    await expectBase(
      await seriesOf(mails),
      id['between'],
      /^the newest commit of master \(2020-01-01\) that has every file as the series found it$/,
    );
  });

  it('finds the tip where it has them all', async () => {
    const one = format(repo, 'topic~2..topic~1');
    await expectBase(await seriesOf(one), id['tip'], /^the tip of master \(2020-01-01\), which has every file/);
  });

  it('finds a commit that came by a merge, and one of another branch', async () => {
    const other = makeRepo(join(place.dir, 'merged'));
    other.commit('root', { 'a.h': lines('a', 30), 'b.h': 'b\n' });
    other.git('checkout', '-q', '-b', 'side');
    const side = other.commit('side', { 'a.h': lines('a', 31) });
    other.commit('on top', { 'a.h': lines('a', 32) });
    other.git('checkout', '-q', '--detach', side);
    other.commit('the patch', { 'a.h': lines('a', 31).replace('a 9\n', 'a nine\n') });
    const patch = await seriesOf(format(other, 'HEAD~1..HEAD'));
    other.git('checkout', '-q', 'master');
    other.commit('main line', { 'b.h': 'b b\n' });
    const cache = join(place.dir, 'cache');
    {
      await using before = await openTree({ dir: other.dir, cache });
      const base = await before.findBase(patch);
      assert.equal(base.commit, side);
      assert.match(base.how, /^the newest commit outside master /);
    }
    other.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
    await using after = await openTree({ dir: other.dir, cache });
    const base = await after.findBase(patch);
    assert.equal(base.commit, side);
    assert.match(base.how, /^the newest commit merged into master /);
  });

  it('takes the branch that the subject names', async () => {
    const series = await seriesOf(mails.replaceAll('[PATCH', '[PATCH stable-v43'));
    await expectBase(series, id['stable'], /^the tip of stable-v43 /);
    const lost = await seriesOf(mails.replaceAll('[PATCH', '[PATCH stable-v44'));
    await expectBase(lost, id['between'], /; the tree has no branch stable-v44$/);
  });

  it('counts on prerequisite patches, in the branch or not', async () => {
    const patchId = (commit: string): string =>
      execFileSync('git', ['patch-id', '--stable'], { input: repo.git('show', commit) })
        .toString()
        .split(' ')[0]!;
    const footer = `base-commit: ${id['root']}\nprerequisite-patch-id: ${patchId(id['newer']!)}\nprerequisite-patch-id: ${'1'.repeat(40)}`;
    const strange = withoutBlobs(mails);
    await expectBase(
      await seriesOf(withFooter(strange, footer)),
      id['newer'],
      /^the newest prerequisite patch of the series in master \(1 of 2 found\)$/,
    );
    const nowhere = footer.replace(patchId(id['newer']!), '2'.repeat(40));
    await expectBase(
      await seriesOf(withFooter(strange, nowhere)),
      id['root'],
      /^base-commit footer, without the prerequisite patches/,
    );
  });

  it('goes by the date where the blobs are unknown, then by now', async () => {
    const strange = withoutBlobs(mails);
    await expectBase(
      await seriesOf(withDate(strange, 'Wed, 1 Jan 2020 05:30:00 +0200')),
      id['between'],
      /^master at the mail's date \(2020-01-01\)$/,
    );
    await expectBase(
      await seriesOf(withDate(strange, 'Mon, 1 Jan 2035 00:00:00 +0000')),
      id['tip'],
      /^master as it is now \(2020-01-01\)$/,
    );
    await expectBase(
      await seriesOf(withDate(strange, 'Mon, 1 Jan 2001 00:00:00 +0000')),
      id['tip'],
      /^master as it is now/,
    );
    await expectBase(await seriesOf(withDate(strange, 'the day before')), id['tip'], /^master as it is now/);
  });

  it('does not call a series of new files alone found', async () => {
    repo.git('checkout', '-q', '-b', 'fresh', id['old']!);
    repo.commit('a new file', { 'new.h': 'new\n' });
    const series = await seriesOf(withDate(format(repo, 'fresh~1..fresh'), 'Mon, 1 Jan 2035 00:00:00 +0000'));
    repo.git('checkout', '-q', 'master');
    await expectBase(series, id['tip'], /^master as it is now/);
  });

  it('works where HEAD is detached, or names a branch that is not there', async () => {
    const cache = join(place.dir, 'cache');
    const copy = join(place.dir, 'copy');
    repo.git('clone', '-q', repo.dir, copy);
    repo.git('-C', copy, 'checkout', '-q', '--detach', id['old']!);
    repo.git('-C', copy, 'branch', '-D', 'master');
    const series = await seriesOf(withoutBlobs(mails).replace(/^Date: .*\n/gm, ''));
    {
      await using detached = await openTree({ dir: copy, cache });
      const base = await detached.findBase(series);
      assert.equal(base.commit, id['tip'], base.how);
      assert.match(base.how, /^origin\/master as it is now/);
    }
    repo.git('-C', copy, 'remote', 'remove', 'origin');
    {
      await using detached = await openTree({ dir: copy, cache });
      const base = await detached.findBase(series);
      assert.equal(base.commit, id['old'], base.how);
      assert.match(base.how, /^HEAD as it is now/);
    }
    repo.git('-C', copy, 'symbolic-ref', 'HEAD', 'refs/heads/gone');
    await using unborn = await openTree({ dir: copy, cache });
    assert.equal((await unborn.findBase(series)).commit, '');
  });
});
