// SPDX-License-Identifier: MIT
// Patches that want more than to be applied: out of the tree, through a link, into .git, a program run. They get nothing.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openTree, type Applied } from '../../app/trees/index.ts';
import type { Patch, Series } from '../../app/model/index.ts';
import { format, hashFolder, leftovers, lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

const newFile = (path: string, text: string, mode = '100644'): string =>
  `diff --git a/${path} b/${path}\nnew file mode ${mode}\nindex 0000000..1111111\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+${text}\n`;

describe('trees: hostile patches', function () {
  this.timeout(60_000); // Each test starts some dozens of processes.
  const place = scratch();
  const cache = join(place.dir, 'cache');
  const flag = join(place.dir, 'flag');
  let repo: Repo;
  let base: string;
  let template: Series;

  before(async () => {
    repo = makeRepo(join(place.dir, 'repo'));
    base = repo.commit('base', { 'a.h': lines('a', 20), 'crlf.txt': 'one\r\ntwo\r\n', 'id.c': '$Id$\nx\n' });
    repo.git('checkout', '-q', '-b', 'topic');
    repo.commit('change', { 'a.h': lines('a', 21) });
    template = await seriesOf(format(repo, 'master..topic'));
    repo.git('checkout', '-q', 'master');
  });
  after(place.remove);

  /** Applies diffs as patches that no parser of ours has looked at; afterwards nothing but the store may be changed. */
  async function applyAll(...diffs: string[]): Promise<Applied> {
    const [patch] = template.patches;
    const patches = diffs.map((diff, index): Patch => {
      const mbox = `From: A <a@example.org>\nDate: Wed, 1 Jan 2020 00:00:00 +0000\nSubject: [PATCH] ${index}\n\nlog\n---\n\n${diff}-- \n2.39\n`;
      return { ...patch!, index: index + 1, total: diffs.length, diff, mbox: Buffer.from(mbox, 'latin1') };
    });
    const hash = hashFolder(repo.dir);
    const outside = readdirSync(place.dir).filter(name => name !== 'cache');
    await using tree = await openTree({ dir: repo.dir, cache });
    const applied = await tree.apply({ ...template, patches }, { commit: base, how: '' });
    assert.equal(hashFolder(repo.dir), hash, 'the tree was written to');
    assert.deepEqual(
      readdirSync(place.dir).filter(name => name !== 'cache'),
      outside,
      'something was written outside',
    );
    assert.equal(existsSync(flag), false, 'something was run');
    assert.deepEqual(leftovers(cache), []);
    return applied;
  }

  for (const path of [
    '../evil',
    '../../../evil',
    '/tmp/abide-evil',
    'x/../../evil',
    '.git/hooks/post-checkout',
    '.GIT/config',
    'sub/.git/config',
    'git~1/config',
    '.git\u200c/config',
    '..',
    '.',
  ]) {
    it(`does not write ${JSON.stringify(path)}`, async () => {
      const applied = await applyAll(newFile(Buffer.from(path).toString('latin1'), 'evil'));
      assert.equal(applied.complete, false);
      assert.equal(applied.problem?.fault, 'series', applied.problem?.message);
      assert.equal(existsSync('/tmp/abide-evil'), false);
    });
  }

  it('takes away what is nested deeper than a path may be long', async () => {
    const deep = Array<string>(30).fill('d'.repeat(200)).join('/');
    const applied = await applyAll(newFile(`${deep}/file`, 'evil'));
    assert.equal(applied.complete, false);
    assert.equal(applied.problem?.fault, 'series', applied.problem?.message);
    assert.equal((await applyAll(newFile('after', 'x'))).complete, true);
  });

  it('does not write through a link that the series made', async () => {
    mkdirSync(join(place.dir, 'target'));
    const link = newFile('link', join(place.dir, 'target'), '120000').replace(
      /\n$/,
      '\n\\ No newline at end of file\n',
    );
    const applied = await applyAll(link, newFile('link/evil', 'evil'));
    assert.equal(applied.commits.length, 1);
    assert.equal(applied.problem?.fault, 'series', applied.problem?.message);
    assert.deepEqual(readdirSync(join(place.dir, 'target')), []);
    const one = await applyAll(link + newFile('link/evil', 'evil'));
    assert.equal(one.complete, false);
    assert.deepEqual(readdirSync(join(place.dir, 'target')), []);
  });

  it('keeps a link a link', async () => {
    const applied = await applyAll(newFile('link', 'a.h', '120000').replace(/\n$/, '\n\\ No newline at end of file\n'));
    assert.equal(applied.complete, true, applied.step.log);
    await using tree = await openTree({ dir: repo.dir, cache });
    assert.match(repo.git('--git-dir', tree.gitDir, 'ls-tree', applied.tip, 'link'), /^120000 blob/);
    const series = { ...template, patches: [template.patches[0]!] };
    const change = await tree.loadChange(series, applied, []);
    assert.deepEqual(
      change.files.map(file => [file.path, file.pre, file.post]),
      [['link', undefined, undefined]],
    );
  });

  it('is not moved by attributes that the series brings', async () => {
    const attributes =
      '* filter=x diff=x merge=x text eol=lf working-tree-encoding=UTF-16 ident whitespace=fix export-ignore';
    const crlf =
      'diff --git a/crlf.txt b/crlf.txt\n--- a/crlf.txt\n+++ b/crlf.txt\n@@ -1,2 +1,2 @@\n-one\r\n+1\r\n two\r\n';
    const id = 'diff --git a/id.c b/id.c\n--- a/id.c\n+++ b/id.c\n@@ -1,2 +1,2 @@\n $Id$\n-x\n+y\n';
    const applied = await applyAll(newFile('.gitattributes', attributes), crlf + id, newFile('trailing.c', 'blank  '));
    assert.equal(applied.complete, true, applied.step.log);
    await using tree = await openTree({ dir: repo.dir, cache });
    const show = (path: string): string =>
      repo.git('--git-dir', tree.gitDir, 'cat-file', 'blob', `${applied.tip}:${path}`);
    assert.equal(show('crlf.txt'), '1\r\ntwo\r');
    assert.equal(show('id.c'), '$Id$\ny');
    assert.equal(show('trailing.c'), 'blank  ');
    await tree.exportTo(applied.tip, join(place.dir, 'cache', 'export'));
    assert.equal(existsSync(join(place.dir, 'cache', 'export', 'id.c')), true);
  });

  it('makes a submodule a line in the tree, and fetches nothing', async () => {
    const modules = `[submodule "x"]\n+\tpath = x\n+\turl = ext::sh -c "touch ${flag}"\n+\tupdate = !touch ${flag}`;
    const text = newFile('.gitmodules', modules).replace('+1 @@', '+1,4 @@');
    const link =
      'diff --git a/x b/x\nnew file mode 160000\nindex 0000000..1234567\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+Subproject commit 1234567890123456789012345678901234567890\n';
    const applied = await applyAll(text, link);
    assert.equal(applied.complete, true, applied.step.log);
    await using tree = await openTree({ dir: repo.dir, cache });
    const [one] = template.patches;
    const change = await tree.loadChange({ ...template, patches: [one!, one!] }, applied, []);
    assert.equal(change.files.find(file => file.path === 'x')?.post, undefined);
  });

  it('takes strange names for names', async () => {
    for (const path of [
      '-x',
      '--output=evil',
      '"quoted\\n\\tname"',
      'a b',
      '"caf\\303\\251"',
      ':(top)x',
      '*',
      'core.hooksPath',
    ]) {
      const quoted = path.startsWith('"');
      const diff = quoted
        ? newFile('Q', 'x')
            .replaceAll('a/Q', `"a/${path.slice(1)}`)
            .replaceAll('b/Q', `"b/${path.slice(1)}`)
        : newFile(path, 'x');
      const applied = await applyAll(diff);
      assert.equal(applied.complete, true, `${path}: ${applied.step.log}`);
    }
  });

  it('takes a log for a log', async () => {
    const [patch] = template.patches;
    const log = [
      'From nobody Mon Sep 17 00:00:00 2001',
      'From: Somebody Else <x@example.org>',
      '',
      '-- >8 --',
      '---not a separator',
      '$(touch flag) `touch flag`',
      '%s %n %H',
      'Subject: [PATCH] other',
      '\u001b[31m',
    ].join('\n');
    const mbox = Buffer.from(patch!.mbox).toString().replace('\n\n', `\n\nfirst line\n${log}\n`);
    await using tree = await openTree({ dir: repo.dir, cache });
    const applied = await tree.apply(
      { ...template, patches: [{ ...patch!, subject: '--exec=x\u0000\n\u001b[31m', mbox: Buffer.from(mbox) }] },
      { commit: base, how: '' },
    );
    assert.equal(applied.complete, true, applied.step.log);
    assert.equal(applied.commits.length, 1);
    assert.equal(
      repo.git('--git-dir', tree.gitDir, 'rev-parse', `${applied.tip}^{tree}`),
      repo.git('rev-parse', 'topic^{tree}'),
    );

    assert.doesNotMatch(applied.step.log + applied.step.cases[0]!.name, /[\u0000-\u0009\u000b-\u001f]/);
    assert.deepEqual(leftovers(cache), []);
  });
});
