// SPDX-License-Identifier: MIT
// The tree that the user names: every shape of it can be read, none is ever written to.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AbideError } from '../../app/errors.ts';
import { openTree } from '../../app/trees/index.ts';
import { format, hashFolder, leftovers, lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

describe('trees: a tree of any shape', function () {
  this.timeout(60_000); // Each test starts some dozens of processes.
  const place = scratch();
  const cache = join(place.dir, 'cache');
  const at = (name: string): string => join(place.dir, name);
  let repo: Repo;
  let first: string;
  let second: string;
  let mails: string;

  before(() => {
    repo = makeRepo(at('repo'));
    first = repo.commit('first', { 'a.h': lines('a', 30), 'b.h': lines('b', 30) });
    repo.git('tag', 'v1.0');
    second = repo.commit('second', { 'b.h': lines('b', 31) });
    repo.git('checkout', '-q', '-b', 'topic');
    repo.commit('change a', { 'a.h': lines('a', 30).replace('a 9\n', 'a nine\n') });
    mails = format(repo, 'master..topic');
    repo.git('checkout', '-q', 'master');
  });
  after(place.remove);
  afterEach(() => assert.deepEqual(leftovers(cache), [], 'a work tree was left'));

  /** Everything that a review asks of a tree; the folder must be the same afterwards. */
  async function useTree(dir: string, watched: string = dir): Promise<void> {
    const hash = hashFolder(watched);
    {
      await using tree = await openTree({ dir, cache });
      const series = await seriesOf(mails);
      const base = await tree.findBase(series);
      assert.equal(base.commit, second, base.how);
      const applied = await tree.apply(series, base);
      assert.equal(applied.problem, undefined);
      const change = await tree.loadChange(series, applied, ['b.h']);
      assert.equal(change.files[0]?.post?.includes('a nine\n'), true);
      assert.equal(change.context.get('b.h'), lines('b', 31));
      assert.equal(await tree.resolve('HEAD'), second);
    }
    assert.equal(hashFolder(watched), hash, 'the tree was written to');
  }

  it('is a checkout', () => useTree(repo.dir));

  it('is bare', async () => {
    repo.git('clone', '-q', '--bare', repo.dir, at('bare.git'));
    await useTree(at('bare.git'));
  });

  it('is bare and has no config', async () => {
    repo.git('clone', '-q', '--bare', repo.dir, at('plain.git'));
    rmSync(join(at('plain.git'), 'config'));
    await useTree(at('plain.git'));
  });

  it('is a linked work tree', async () => {
    repo.git('worktree', 'add', '-q', '--detach', at('linked'), second);
    await useTree(at('linked'), place.dir + '/linked');
    const hash = hashFolder(repo.dir);
    await useTree(at('linked'));
    assert.equal(hashFolder(repo.dir), hash, 'the repository behind the work tree was written to');
  });

  it('borrows its own objects, by a relative path', async () => {
    repo.git('clone', '-q', '--shared', repo.dir, at('borrower'));
    writeFileSync(at('borrower/.git/objects/info/alternates'), '../../../repo/.git/objects\n');
    await useTree(at('borrower'));
  });

  it('is reached by a symbolic link, and its name is strange', async () => {
    const name = '"a # b\\\n\u00e9';
    repo.git('clone', '-q', repo.dir, at(name));
    symlinkSync(at(name), at('link'));
    await useTree(at('link'), at(name));
    await useTree(at(name));
  });

  it('is shallow', async () => {
    repo.git('clone', '-q', '--depth=1', '--branch=master', `file://${repo.dir}`, at('shallow'));
    assert.notEqual(readFileSync(at('shallow/.git/shallow'), 'utf8'), '');
    await useTree(at('shallow'));
    await using tree = await openTree({ dir: at('shallow'), cache });
    await assert.rejects(tree.resolve('HEAD~1'), { code: 'revision-unknown' });
  });

  it('is somebody else’s', async function () {
    if (process.getuid?.() !== 0) this.skip(); // Only root can give a folder away.
    execFileSync('cp', ['-a', repo.dir, at('foreign')]);
    execFileSync('chown', ['-R', '65534:65534', at('foreign')]);
    await useTree(at('foreign'));
  });

  it('cannot be written to', async () => {
    execFileSync('cp', ['-a', repo.dir, at('locked')]);
    execFileSync('chmod', ['-R', 'a-w', at('locked')]);
    try {
      await useTree(at('locked'));
    } finally {
      execFileSync('chmod', ['-R', 'u+w', at('locked')]);
    }
  });

  it('has hooks, aliases and filters, and none is run', async () => {
    execFileSync('cp', ['-a', repo.dir, at('armed')]);
    const flag = at('flag');
    const run = `touch ${flag}; cat`;
    const hooks = at('armed/.git/hooks');
    mkdirSync(hooks, { recursive: true });
    for (const hook of [
      'post-checkout',
      'applypatch-msg',
      'pre-applypatch',
      'post-applypatch',
      'post-index-change',
      'reference-transaction',
    ]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\ntouch ${flag}\n`);
      chmodSync(join(hooks, hook), 0o755);
    }
    const set = (key: string, value: string): void =>
      void execFileSync('git', ['config', '--file', at('armed/.git/config'), key, value]);
    set('core.fsmonitor', `${run}; true`);
    set('core.pager', run);
    set('filter.x.smudge', run);
    set('filter.x.clean', run);
    set('diff.x.textconv', run);
    set('diff.external', run);
    set('merge.x.driver', run);
    set('alias.rev-parse', `!${run}`);
    set('extensions.partialClone', 'origin');
    set('remote.origin.url', `ext::sh -c "${run}"`);
    set('remote.origin.promisor', 'true');
    set('protocol.ext.allow', 'always');
    writeFileSync(at('armed/.git/info/attributes'), '* filter=x diff=x merge=x\n');
    await useTree(at('armed'));
    await using tree = await openTree({ dir: at('armed'), cache });
    await tree.formatRange('master..topic');
    assert.equal(readdirSync(place.dir).includes('flag'), false, 'something of the tree was run');
  });

  it('loses a branch and gets another between two runs', async () => {
    repo.git('clone', '-q', repo.dir, at('moving'));
    {
      await using tree = await openTree({ dir: at('moving'), cache });
      await assert.rejects(tree.resolve('fresh'), { code: 'revision-unknown' });
    }
    repo.git('-C', at('moving'), 'branch', 'fresh', first);
    {
      await using tree = await openTree({ dir: at('moving'), cache });
      assert.equal(await tree.resolve('fresh'), first);
    }
    repo.git('-C', at('moving'), 'branch', '-D', 'fresh');
    await using tree = await openTree({ dir: at('moving'), cache });
    await assert.rejects(tree.resolve('fresh'), { code: 'revision-unknown' });
  });

  it('is none, and the person is told', async () => {
    mkdirSync(at('repo/folder'));
    mkdirSync(at('empty'));
    for (const dir of [at('nowhere'), at('empty'), at('repo/folder'), '/dev/null']) {
      await assert.rejects(
        openTree({ dir, cache }),
        (error: AbideError) => error.code === 'tree-unreadable' && /--tree/.test(error.hint ?? ''),
        dir,
      );
    }
  });

  it('is well, and the cache folder is a file', async () => {
    writeFileSync(at('file'), '');
    await assert.rejects(openTree({ dir: repo.dir, cache: at('file') }), (error: AbideError) => {
      assert.equal(error.code, 'config-invalid');
      assert.match(error.hint ?? '', /ABIDE_CACHE/);
      return true;
    });
  });

  it('is empty: it opens, and there is no base', async () => {
    makeRepo(at('unborn'));
    await using tree = await openTree({ dir: at('unborn'), cache });
    const series = await seriesOf(mails);
    const base = await tree.findBase(series);
    assert.equal(base.commit, '');
    assert.match(base.how, /no branch to apply to/);
    const applied = await tree.apply(series, base);
    assert.equal(applied.problem?.fault, 'tree');
    assert.equal(applied.step.outcome, 'error');
    assert.equal(await tree.loadChangeFromBlobs(series, []), undefined);
  });
});
