// SPDX-License-Identifier: MIT
// Series applied: what lands, in which way, and whose fault it is where one does not.
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { openTree, type Applied, type Tree } from '../../app/trees/index.ts';
import type { Series } from '../../app/model/index.ts';
import { format, leftovers, lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

const A = lines('a', 40);

describe('trees: apply', function () {
  this.timeout(60_000); // Each test starts some dozens of processes.
  const place = scratch();
  const cache = join(place.dir, 'cache');
  let repo: Repo;
  let base: string;
  let mails: string;
  let tree: Tree;

  before(async () => {
    repo = makeRepo(join(place.dir, 'repo'));
    repo.commit('older', { 'a.h': A.replace('a 3\n', 'a three\n'), 'old.h': lines('old', 9) });
    base = repo.commit('base', {
      'a.h': A,
      'run.sh': '#!/bin/sh\n',
      'crlf.txt': 'one\r\ntwo\r\nthree\r\n',
      bin: Buffer.from([0, 1, 2, 3]),
    });
    repo.git('checkout', '-q', '-b', 'topic');
    repo.commit('first: change', { 'a.h': A.replace('a 9\n', 'a nine\n') });
    repo.git('mv', 'old.h', 'new name.h');
    chmodSync(join(repo.dir, 'run.sh'), 0o755);
    repo.commit('second: rename, mode, CRLF, binary', {
      'crlf.txt': 'one\r\n2\r\nthree\r\n',
      bin: Buffer.from([0, 9, 9, 9, 10, 13]),
      'latin1.c': Buffer.from('/* Stra\xdfe */\n', 'latin1'),
      'caf\u00e9 "x".h': 'x\n',
    });
    repo.commit('third: delete', { 'run.sh': undefined });
    mails = format(repo, 'master..topic');
    repo.git('checkout', '-q', '-f', 'master');
    tree = await openTree({ dir: repo.dir, cache });
  });
  after(async () => {
    await tree[Symbol.asyncDispose]();
    place.remove();
  });
  afterEach(() => assert.deepEqual(leftovers(cache), [], 'a work tree was left'));

  const on = (series: Series, commit = base, how = 'for the test'): Promise<Applied> =>
    tree.apply(series, { commit, how });
  const treeOf = (commit: string): string => repo.git('--git-dir', tree.gitDir, 'rev-parse', `${commit}^{tree}`);

  it('makes the same trees as the commits had, one a patch', async () => {
    const applied = await on(await seriesOf(mails));
    assert.equal(applied.complete, true, applied.step.log);
    assert.deepEqual(
      applied.commits.map(treeOf),
      ['topic~2', 'topic~1', 'topic'].map(rev => repo.git('rev-parse', `${rev}^{tree}`)),
    );
    assert.equal(applied.tip, applied.commits[2]);
    assert.equal(applied.step.outcome, 'pass');
    assert.deepEqual(
      applied.step.cases.map(one => [one.name, one.outcome]),
      [
        ['1/3 first: change', 'pass'],
        ['2/3 second: rename, mode, CRLF, binary', 'pass'],
        ['3/3 third: delete', 'pass'],
      ],
    );
  });

  it('makes the same ids again: with another cache, and for mails without a date', async () => {
    const undated = mails.replace(/^Date: .*\n/gm, '');
    for (const text of [mails, undated]) {
      const once = await on(await seriesOf(text));
      await using other = await openTree({ dir: repo.dir, cache: join(place.dir, 'other-cache') });
      const again = await other.apply(await seriesOf(text), { commit: base, how: '' });
      assert.equal(once.commits.length, 3, once.step.log);
      assert.deepEqual(again.commits, once.commits);
    }
  });

  it('loads the change: files, steps, context, release', async () => {
    const series = await seriesOf(mails);
    const applied = await on(series);
    const change = await tree.loadChange(series, applied, ['a.h', 'run.sh', 'nosuch', 'new name.h']);
    assert.equal(change.baseCommit, base);
    const file = (path: string) => change.files.find(one => one.path === path)!;
    assert.deepEqual([file('a.h').pre, file('a.h').post], [A, A.replace('a 9\n', 'a nine\n')]);
    assert.deepEqual([file('new name.h').diff.change, file('new name.h').diff.oldPath], ['rename', 'old.h']);
    assert.deepEqual([file('new name.h').pre, file('new name.h').post], [lines('old', 9), lines('old', 9)]);
    assert.deepEqual([file('bin').pre, file('bin').post], [undefined, undefined]);
    assert.deepEqual([file('run.sh').pre, file('run.sh').post], ['#!/bin/sh\n', undefined]);
    assert.equal(file('caf\u00e9 "x".h').post, 'x\n');
    assert.deepEqual(
      change.patches.map(one => [one.patch, one.files.length]),
      [
        [1, 1],
        [2, 6],
        [3, 1],
      ],
    );
    assert.equal(change.patches[0]!.files[0]!.diff, series.patches[0]!.files[0], 'the diff is the one of the mail');
    assert.deepEqual([...change.context.keys()], []);
    assert.equal(change.released, undefined);
  });

  it('tells what the last release had', async () => {
    repo.git('tag', 'v7.0', base);
    repo.git('tag', 'v8.0-rc1', base);
    await using tagged = await openTree({ dir: repo.dir, cache });
    const series = await seriesOf(format(repo, 'topic~3..topic~2'));
    const change = await tagged.loadChange(series, await tagged.apply(series, { commit: base, how: '' }), ['run.sh']);
    assert.equal(change.released?.tag, 'v7.0');
    assert.deepEqual([...change.released.files.keys()].sort(), ['a.h', 'run.sh']);
    assert.equal(change.released.files.get('a.h'), A);
    assert.equal(change.context.get('run.sh'), '#!/bin/sh\n');
    repo.git('tag', '-d', 'v7.0', 'v8.0-rc1');
  });

  it('merges three ways where the file has moved on', async () => {
    repo.git('checkout', '-q', '-b', 'moved', base);
    const moved = repo.commit('context changes', { 'a.h': A.replace('a 11\n', 'a eleven\n') });
    repo.git('checkout', '-q', 'master');
    await using again = await openTree({ dir: repo.dir, cache });
    const series = await seriesOf(format(repo, 'topic~3..topic~2'));
    const applied = await again.apply(series, { commit: moved, how: '' });
    assert.equal(applied.complete, true, applied.step.log);
    assert.equal(applied.step.cases[0]!.reason, 'by a three-way merge');
    const post = await again.readFile(applied.tip, 'a.h').catch(() => undefined);
    assert.equal(
      post ?? repo.git('--git-dir', again.gitDir, 'show', `${applied.tip}:a.h`) + '\n',
      A.replace('a 11\n', 'a eleven\n').replace('a 9\n', 'a nine\n'),
    );
    const change = await again.loadChange(series, applied, []);
    assert.equal(change.files[0]!.pre, A.replace('a 11\n', 'a eleven\n'));
  });

  it('says that a series is in the base already', async () => {
    await using again = await openTree({ dir: repo.dir, cache });
    const series = await seriesOf(mails);
    const applied = await again.apply(series, { commit: repo.git('rev-parse', 'topic'), how: '' });
    assert.equal(applied.complete, true, applied.step.log);
    assert.equal(applied.step.outcome, 'skip');
    assert.equal(applied.step.reason, 'the base has every patch of the series already');
    assert.equal(applied.commits.length, 3);
    assert.equal(treeOf(applied.tip), repo.git('rev-parse', 'topic^{tree}'));
    assert.deepEqual((await again.loadChange(series, applied, [])).files, []);
    const half = await again.apply(series, { commit: repo.git('rev-parse', 'topic~2'), how: '' });
    assert.deepEqual(
      half.step.cases.map(one => one.outcome),
      ['skip', 'pass', 'pass'],
    );
    assert.equal(half.step.outcome, 'pass');
    assert.equal(treeOf(half.tip), repo.git('rev-parse', 'topic^{tree}'));
  });

  it('has nothing to do for a cover letter alone, and goes on over a patch without a diff', async () => {
    const series = await seriesOf(mails);
    const cover = await on({ ...series, patches: [] });
    assert.deepEqual([cover.complete, cover.step.outcome, cover.tip, cover.problem], [false, 'skip', base, undefined]);
    const [one, two, three] = series.patches;
    const applied = await on({
      ...series,
      patches: [
        one!,
        { ...two!, files: [], diff: '', mbox: Buffer.from('From: a <a@b>\nSubject: x\n\nno diff\n') },
        three!,
      ],
    });
    assert.deepEqual(
      applied.step.cases.map(each => each.outcome),
      ['pass', 'skip', 'pass'],
    );
    assert.equal(applied.step.cases[1]!.reason, 'it has no diff');
    assert.equal(applied.commits.length, 3);
  });

  it('tries the text before format=flowed was undone', async () => {
    const series = await seriesOf(format(repo, 'topic~3..topic~2'));
    const [patch] = series.patches;
    const damaged = Buffer.from(
      Buffer.from(patch!.mbox)
        .toString()
        .replace(/^ (a 1\d)$/gm, '$1'),
    );
    const applied = await on({ ...series, patches: [{ ...patch!, mbox: damaged, rawMbox: patch!.mbox }] });
    assert.equal(applied.complete, true, applied.step.log);
    assert.match(applied.step.cases[0]!.reason!, /format=flowed/);
    assert.equal(treeOf(applied.tip), repo.git('rev-parse', 'topic~2^{tree}'));
  });

  describe('where it does not', () => {
    const replaced = async (text: string, from: string | RegExp, to: string): Promise<Series> =>
      seriesOf(text.replace(from, to));
    const one = (): string => format(repo, 'topic~3..topic~2');

    it('blames the series where the tree has what it was made against', async () => {
      const applied = await on(await replaced(one(), '-a 9\n', '-a neun\n'));
      assert.equal(applied.complete, false);
      assert.deepEqual(applied.commits, []);
      assert.equal(applied.tip, base);
      const problem = applied.problem!;
      assert.deepEqual([problem.patch, problem.fault, problem.path, problem.line], [1, 'series', 'a.h', 6]);
      assert.match(problem.hunk!, /^@@ -6,7 \+6,7 @@ a 5\n a 6\n a 7\n a 8\n-a neun\n\+a nine\n/);
      assert.match(
        problem.message,
        /The tree has the files it was made against, and it does not apply\. git says: error: patch failed: a\.h:6\nerror: a\.h: patch does not apply$/,
      );
      assert.equal(applied.step.outcome, 'fail');
    });

    it('blames the series where it names the base itself', async () => {
      const strange = (await replaced(one(), '-a 9\n', '-a neun\n')).patches[0]!;
      const series = await seriesOf(
        one()
          .replace('-a 9\n', '-a neun\n')
          .replace(/^index [0-9a-f]{40}/m, `index ${'1'.repeat(40)}`) + `\nbase-commit: ${base}\n-- \n2.39.5\n\n`,
      );
      assert.ok(strange);
      const found = await tree.findBase(series);
      assert.equal(found.how, 'base-commit footer');
      const applied = await tree.apply(series, found);
      assert.equal(applied.problem?.fault, 'series');
      assert.match(applied.problem.message, /the commit that the series itself names/);
    });

    it('blames the tree where it lacks what the series was made against', async () => {
      const applied = await on(
        await seriesOf(
          one()
            .replace('-a 9\n', '-a neun\n')
            .replace(/^index [0-9a-f]{40}/m, `index ${'1'.repeat(40)}`),
        ),
      );
      assert.equal(applied.problem?.fault, 'tree');
      assert.equal(applied.step.outcome, 'error');
      assert.match(applied.problem.message, /does not have the files it was made against/);
      const lost = await on(
        await seriesOf(
          one()
            .replaceAll('a.h', 'gone.h')
            .replace(/^index [0-9a-f]{40}/m, `index ${'1'.repeat(40)}`),
        ),
      );
      assert.deepEqual([lost.problem?.fault, lost.problem?.path], ['tree', 'gone.h']);
    });

    it('keeps what landed before', async () => {
      const series = await seriesOf(mails);
      const [first, second, third] = series.patches;
      const broken = {
        ...third!,
        mbox: Buffer.from(Buffer.from(third!.mbox).toString().replace('-#!/bin/sh', '-#!/bin/csh')),
      };
      const applied = await on({ ...series, patches: [first!, second!, broken] });
      assert.equal(applied.commits.length, 2);
      assert.equal(applied.tip, applied.commits[1]);
      assert.deepEqual(
        [applied.problem?.patch, applied.problem?.fault, applied.problem?.path],
        [3, 'series', 'run.sh'],
      );
      assert.deepEqual(
        applied.step.cases.map(each => each.outcome),
        ['pass', 'pass', 'fail'],
      );
    });

    it('has a word for a patch cut short, a wrong date, an author without a name', async () => {
      const [patch] = (await seriesOf(one())).patches;
      const series = await seriesOf(one());
      const mbox = Buffer.from(patch!.mbox).toString();
      for (const [name, text] of [
        ['cut', mbox.slice(0, mbox.indexOf('+a nine'))],
        ['dated', mbox.replace(/^Date: .*$/m, 'Date: the day before yesterday')],
        ['nobody', mbox.replace(/^From: .*$/m, 'From: <>')],
        ['not a patch', 'From: a <a@example.org>\nSubject: x\n\nhello\n'],
        [
          'binary noise',
          'From: a <a@example.org>\nSubject: x\n\n---\ndiff --git a/bin b/bin\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 9\nzzzz\n\n',
        ],
      ] as const) {
        const applied = await on({ ...series, patches: [{ ...patch!, mbox: Buffer.from(text) }] });
        assert.equal(applied.problem?.fault, 'series', `${name}: ${applied.problem?.message}`);
        assert.notEqual(applied.problem.message, '');
      }
    });

    it('shows no escape sequence, no direction override and no path of the machine', async () => {
      const name = '\u001b[31mred\u202etxt\u0007.h';
      repo.git('checkout', '-q', '-b', 'odd', base);
      const odd = repo.commit('odd', { [name]: lines('x', 9) });
      repo.commit('odd change', { [name]: lines('x', 9).replace('x 5\n', 'x five\u001b]0;title\u0007\n') });
      const series = await seriesOf(format(repo, 'odd~1..odd').replace('-x 5\n', '-x\u001b[2J 5\n'));
      repo.git('checkout', '-q', 'master');
      await using again = await openTree({ dir: repo.dir, cache });
      const applied = await again.apply(series, { commit: odd, how: '' });
      assert.equal(applied.problem?.fault, 'series');
      const all = JSON.stringify([applied.problem, applied.step]);

      assert.doesNotMatch(all, /[\u0000-\u001f\u007f-\u009f\u202e]|\\u00[01][0-9a-f]/);
      assert.equal(all.includes(place.dir), false);
      assert.match(applied.problem.hunk ?? '', /\\u\{1b\}\[2J 5/);
    });

    it('does not take a file named like an error for one', async () => {
      repo.git('checkout', '-q', '-b', 'liar', base);
      const name = 'x: No space left on device';
      const liar = repo.commit('liar', { [name]: lines('x', 9) });
      repo.commit('liar change', { [name]: lines('x', 9).replace('x 5\n', 'x five\n') });
      const series = await seriesOf(format(repo, 'liar~1..liar').replace('-x 5\n', '-y 5\n'));
      repo.git('checkout', '-q', 'master');
      await using again = await openTree({ dir: repo.dir, cache });
      assert.equal((await again.apply(series, { commit: liar, how: '' })).problem?.fault, 'series');
    });

    it('blames nobody for a base that is not there', async () => {
      const applied = await on(await seriesOf(mails), '1'.repeat(40));
      assert.equal(applied.problem?.fault, 'tree');
      const none = await on(await seriesOf(mails), '', 'nothing was found');
      assert.deepEqual([none.problem?.fault, none.problem?.message], ['tree', 'nothing was found']);
    });
  });

  describe('from its own pre-images', () => {
    it('loads the change on no commit', async () => {
      const older = repo.git('rev-parse', 'master~1');
      repo.git('checkout', '-q', '-b', 'mixed', older);
      repo.git('checkout', '-q', base, '--', 'crlf.txt');
      repo.commit('mix', {});
      repo.commit('on the mix', {
        'a.h': A.replace('a 3\n', 'a three\n').replace('a 9\n', 'a nine\n'),
        'crlf.txt': 'one\r\n2\r\nthree\r\n',
        'n.h': 'n\n',
      });
      const series = await seriesOf(format(repo, 'mixed~1..mixed'));
      repo.git('checkout', '-q', '-f', 'master');
      repo.git('branch', '-D', 'mixed');
      await using again = await openTree({ dir: repo.dir, cache });
      const change = (await again.loadChangeFromBlobs(series, ['old.h']))!;
      assert.deepEqual(
        change.files.map(file => file.path),
        ['a.h', 'crlf.txt', 'n.h'],
      );
      assert.equal(change.files[0]!.pre, A.replace('a 3\n', 'a three\n'));
      assert.equal(change.files[0]!.post, A.replace('a 3\n', 'a three\n').replace('a 9\n', 'a nine\n'));
      assert.deepEqual([...change.context.keys()], ['old.h']);
      assert.equal(change.baseCommit, '');
    });

    it('leaves out what it cannot know or what does not become what the mail says', async () => {
      const series = await seriesOf(mails);
      const [first, second, third] = series.patches;
      const full = (await tree.loadChangeFromBlobs(series, []))!;
      assert.deepEqual(
        full.files.map(file => file.path),
        (await tree.loadChange(series, await on(series), [])).files.map(file => file.path),
      );
      const unknown = { ...first!, files: first!.files.map(file => ({ ...file, preBlob: '1'.repeat(40) })) };
      const less = (await tree.loadChangeFromBlobs({ ...series, patches: [unknown, second!, third!] }, []))!;
      assert.equal(
        less.files.some(file => file.path === 'a.h'),
        false,
      );
      assert.equal(less.files.length, full.files.length - 1);
      const lying = { ...first!, files: first!.files.map(file => ({ ...file, postBlob: '1'.repeat(40) })) };
      const doubt = (await tree.loadChangeFromBlobs({ ...series, patches: [lying, second!, third!] }, []))!;
      assert.equal(
        doubt.files.some(file => file.path === 'a.h'),
        false,
      );
      assert.equal(await tree.loadChangeFromBlobs({ ...series, patches: [unknown] }, []), undefined);
      assert.equal(await tree.loadChangeFromBlobs({ ...series, patches: [] }, []), undefined);
    });

    it('leaves out the file that does not apply, and keeps the rest', async () => {
      const series = await seriesOf(mails);
      const [first, ...rest] = series.patches;
      const broken = {
        ...first!,
        mbox: Buffer.from(Buffer.from(first!.mbox).toString().replace('-a 9\n', '-a neun\n')),
      };
      const change = (await tree.loadChangeFromBlobs({ ...series, patches: [broken, ...rest] }, []))!;
      assert.equal(
        change.files.some(file => file.path === 'a.h'),
        false,
      );
      assert.equal(
        change.files.some(file => file.path === 'crlf.txt'),
        true,
      );
    });
  });
});
