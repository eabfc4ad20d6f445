// SPDX-License-Identifier: MIT
// Revisions and ranges, honest and hostile; releases; files; exports.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openTree, type Tree } from '../../app/trees/index.ts';
import { lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

describe('trees: revisions', () => {
  const place = scratch();
  let repo: Repo;
  let tree: Tree;
  const ids: string[] = [];

  before(async () => {
    repo = makeRepo(join(place.dir, 'repo'));
    ids.push(repo.commit('one', { 'a.c': lines('a', 20), 'dir/b.c': 'b\n', 'blob.bin': Buffer.from([0, 1, 2]) }));
    repo.git('tag', 'v1.0');
    ids.push(repo.commit('two', { 'a.c': lines('a', 21) }));
    repo.git('tag', '-a', '-m', 'release candidate', 'v2.0-rc1');
    ids.push(
      repo.commit('three\n\nFrom nobody Mon Sep 17 00:00:00 2001\nin the log', { 'c.c': 'c\n', 'a.c': lines('a', 22) }),
    );
    repo.git('branch', '-f', 'stable', ids[0]!);
    tree = await openTree({ dir: repo.dir, cache: join(place.dir, 'cache') });
  });
  after(async () => {
    await tree[Symbol.asyncDispose]();
    place.remove();
  });

  it('resolves what people write', async () => {
    assert.equal(await tree.resolve('master'), ids[2]);
    assert.equal(await tree.resolve('HEAD~1'), ids[1]);
    assert.equal(await tree.resolve('@^'), ids[1]);
    assert.equal(await tree.resolve('v2.0-rc1'), ids[1]);
    assert.equal(await tree.resolve(ids[0]!.slice(0, 10)), ids[0]);
    assert.equal(await tree.resolve('refs/heads/stable'), ids[0]);
    assert.equal(await tree.resolve('v1.0^{commit}'), ids[0]);
  });

  for (const rev of [
    '',
    '-x',
    '--upload-pack=touch /tmp/x',
    '--output=x',
    '--exec=x',
    'A..B;rm',
    'master..stable',
    'master...stable',
    ':/two',
    'HEAD^{/two}',
    'HEAD:a.c',
    ':a.c',
    '@{-1}',
    'HEAD@{1}',
    'master\n',
    'master\0',
    ' master',
    '^master',
    '$(id)',
    '`id`',
    'nosuch',
    '0'.repeat(40),
    'x'.repeat(5000),
    '../../etc/passwd',
    'master\u202e',
    'v1.0^{tree}',
    '\ud800',
  ]) {
    it(`refuses ${JSON.stringify(rev.slice(0, 40))}`, async () => {
      await assert.rejects(tree.resolve(rev), { code: 'revision-unknown' });
      await assert.rejects(tree.formatRange(`${rev}..${rev || 'nosuch'}`), {
        code: /revision-unknown|input-not-a-series/,
      });
    });
  }

  it('never runs or writes anything, whatever the text', async () => {
    const rev = fc.string({
      unit: fc.constantFrom('-', '.', '/', '~', '^', '@', '{', '}', ':', 'H', 'master', ' ', '\n', '*', '=', ';'),
    });
    await fc.assert(
      fc.asyncProperty(rev, async text => {
        const found = await tree.resolve(text).catch((error: { code?: string }) => error.code);
        assert.ok(found === 'revision-unknown' || ids.includes(found ?? ''), String(found));
      }),
      { numRuns: 40 },
    );
  });

  it('formats a range as one series whose base is in its footer', async () => {
    const series = await seriesOf(await tree.formatRange('stable..master'));
    assert.deepEqual(
      series.patches.map(patch => patch.subject),
      ['two', 'three'],
    );
    assert.equal(series.base.baseCommit, ids[0]);
    assert.equal(series.state, 'complete');
    const again = await tree.formatRange('v1.0..');
    assert.deepEqual(Buffer.from(again), Buffer.from(await tree.formatRange('stable..master')));
  });

  it('formats a branch that has diverged on its fork', async () => {
    repo.git('checkout', '-q', '-b', 'side', ids[1]!);
    const side = repo.commit('on the side', { 'd.c': 'd\n' });
    repo.git('checkout', '-q', 'master');
    await using again = await openTree({ dir: repo.dir, cache: join(place.dir, 'cache') });
    const series = await seriesOf(await again.formatRange('master..side'));
    assert.equal(series.base.baseCommit, ids[1]);
    assert.deepEqual(await again.listCommits('master..side'), [side]);
  });

  it('has a word for a range that holds nothing', async () => {
    for (const range of ['master..stable', 'master..master', '..']) {
      await assert.rejects(tree.formatRange(range), { code: 'input-not-a-series' }, range);
    }
    await assert.rejects(tree.formatRange('master'), { code: 'revision-unknown' });
  });

  it('finds the release, not its candidate', async () => {
    assert.deepEqual(await tree.releaseBefore('master'), { tag: 'v1.0', commit: ids[0] });
    const bare = makeRepo(join(place.dir, 'untagged'));
    bare.commit('one', { a: 'a\n' });
    await using untagged = await openTree({ dir: bare.dir, cache: join(place.dir, 'cache') });
    assert.equal(await untagged.releaseBefore('HEAD'), undefined);
  });

  it('reads files and blobs', async () => {
    assert.equal(await tree.readFile('master', 'dir/b.c'), 'b\n');
    for (const path of ['nosuch', 'dir', '', '../a.c', '/etc/passwd', 'a\nb', 'a\0b', 'blob.bin']) {
      assert.equal(await tree.readFile('master', path), undefined, JSON.stringify(path));
    }
    const blob = repo.git('rev-parse', 'master:dir/b.c');
    assert.equal(Buffer.from((await tree.readBlob(blob.slice(0, 9)))!).toString(), 'b\n');
    assert.equal(await tree.readBlob('master'), undefined);
    assert.equal(await tree.readBlob('ffffffffff'), undefined);
  });

  it('exports a commit twice alike, and nothing outside the folder', async () => {
    repo.git('checkout', '-q', '-b', 'odd', ids[2]!);
    repo.write('.gitattributes', 'a.c export-ignore\nc.c export-subst\n');
    repo.write('c.c', '$Format:%H$\n');
    repo.git('add', '-A');
    repo.git('update-index', '--add', '--cacheinfo', `120000,${repo.git('hash-object', '-w', '--', 'dir/b.c')},link`);
    repo.git('commit', '-q', '-m', 'odd');
    const odd = repo.git('rev-parse', 'HEAD');
    repo.git('checkout', '-q', '-f', 'master');
    await using again = await openTree({ dir: repo.dir, cache: join(place.dir, 'cache') });
    const to = join(place.dir, 'out', 'deep');
    await again.exportTo(odd, to);
    assert.equal(readFileSync(join(to, 'a.c'), 'utf8'), lines('a', 22));
    assert.equal(readFileSync(join(to, 'c.c'), 'utf8'), '$Format:%H$\n');
    assert.equal(lstatSync(join(to, 'link')).isSymbolicLink(), true);
    assert.equal(statSync(join(to, 'a.c')).mtimeMs, Number(repo.git('show', '-s', '--format=%ct', odd)) * 1000);
    assert.equal(existsSync(join(to, '.git')), false);
  });
});
