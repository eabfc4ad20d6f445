// SPDX-License-Identifier: MIT
// The tree under test: cloned where its URL answers, Debian's source package where not, and a clear word where neither can be had.
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbideError } from '../../app/errors.ts';
import { ensureTree, findTree, type TreeOptions } from '../../app/provision/tree.ts';
import { startArchive, type Archive } from '../support/apt-archive.ts';
import { treeDir } from '../support/env.ts';

const NOWHERE = 'http://127.0.0.1:1/rdma-core.git';

describe('the tree that set-up made', () => {
  it('is a repository that holds rdma-core', async () => {
    const { stdout } = await execa('git', ['-C', treeDir, 'show', 'HEAD:libibverbs/verbs.h']);
    assert.match(stdout, /struct verbs_context \{/);
  });
});

describe('ensureTree', () => {
  let work: string;
  let archive: Archive;
  let options: TreeOptions;
  const said: string[] = [];

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'tree-'));
    archive = await startArchive();
    said.length = 0;
    const cache = join(work, 'cache');
    options = {
      cache,
      url: NOWHERE,
      mirrors: [archive.url],
      keyring: archive.keyring,
      onProgress: line => said.push(line),
    };
  });
  afterEach(async () => {
    await archive[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(join(options.cache, 'tmp')).catch(() => []), [], 'nothing half-made is left');
    await rm(work, { recursive: true });
  });

  async function upstream(): Promise<string> {
    const dir = join(work, 'upstream');
    await execa('git', ['init', '--quiet', '--initial-branch=master', dir]);
    await writeFile(join(dir, 'file'), 'text\n');
    const git = (...args: string[]) => execa('git', ['-C', dir, '-c', 'user.name=T', '-c', 'user.email=t@t', ...args]);
    await git('add', 'file');
    await git('commit', '--quiet', '-m', 'first');
    await git('tag', 'v7.0');
    await git('commit', '--quiet', '--allow-empty', '-m', 'second');
    return dir;
  }

  async function source(version: string): Promise<void> {
    const top = join(work, 'source', `rdma-core-${version}`);
    await mkdir(join(top, 'libibverbs'), { recursive: true });
    await writeFile(join(top, 'libibverbs/verbs.h'), 'struct verbs_context {\n};\n');
    // What a careless `git add` would leave out.
    await writeFile(join(top, '.gitignore'), '*.h\n');
    await writeFile(join(top, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    const tarball = join(work, `rdma-core_${version}.orig.tar.gz`);
    await execa('tar', ['-C', join(work, 'source'), '-czf', tarball, `rdma-core-${version}`]);
    await archive.addSource('rdma-core', { version, tarball });
    await archive.publish('sid');
  }

  it('clones, says which version, and a second time asks nobody', async () => {
    const url = await upstream();
    const tree = await ensureTree({ ...options, url });
    assert.equal(tree.from, 'clone');
    assert.match(tree.version, /^v7\.0-1-g/);
    await rm(url, { recursive: true });
    assert.deepEqual(await ensureTree({ ...options, url }), tree);
    const { stdout } = await execa('git', ['-C', tree.dir, 'rev-list', '--count', 'HEAD']);
    assert.equal(stdout, '2');
  });

  it("takes Debian's source package where the URL cannot be reached, every file of it, and says so", async () => {
    await source('99.1');
    const tree = await ensureTree(options);
    assert.deepEqual({ from: tree.from, version: tree.version }, { from: 'debian-source', version: 'v99.1' });
    const { stdout } = await execa('git', ['-C', tree.dir, 'ls-tree', '-r', '--format=%(objectmode) %(path)', 'v99.1']);
    assert.deepEqual(stdout.split('\n'), ['100644 .gitignore', '100644 libibverbs/verbs.h', '100755 run']);
    assert.ok(said.some(line => line.includes(NOWHERE) && line.includes("Debian's source package")));
    const asked = archive.requests();
    assert.deepEqual(await ensureTree(options), tree);
    assert.equal(archive.requests(), asked);
  });

  it('makes the same commit of the same source package everywhere', async () => {
    await source('99.1');
    const head = async (dir: string) => (await execa('git', ['-C', dir, 'rev-parse', 'HEAD'])).stdout;
    const one = await head((await ensureTree(options)).dir);
    await rm(join(options.cache, 'tree'), { recursive: true });
    assert.equal(await head((await ensureTree(options)).dir), one);
  });

  it('does not wait for a server that never answers', async () => {
    await source('99.1');
    const silent: Server = createServer(() => undefined);
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    try {
      const url = `git://127.0.0.1:${String(address.port)}/rdma-core.git`;
      const started = Date.now();
      const tree = await ensureTree({ ...options, url, patienceSeconds: 1 });
      assert.equal(tree.from, 'debian-source');
      assert.ok(Date.now() - started < 10_000);
      assert.ok(said.some(line => line.includes('no answer within 1 s')));
    } finally {
      silent.close();
    }
  });

  it('clones anew where another URL is asked for', async () => {
    await source('99.1');
    await ensureTree(options);
    const url = await upstream();
    assert.equal((await ensureTree({ ...options, url })).from, 'clone');
    assert.equal((await findTree(options.cache))?.url, url);
  });

  it('says both reasons where no tree can be had, and what to set', async () => {
    const error: unknown = await ensureTree(options).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AbideError);
    assert.equal(error.code, 'tree-unreadable');
    assert.match(error.message, /127\.0\.0\.1:1\/rdma-core\.git.*package list of sid/s);
    assert.match(error.hint ?? '', /ABIDE_TREE\b.*ABIDE_TREE_URL/);
    assert.equal(await findTree(options.cache), undefined);
  });

  it('takes two who ask at once', async () => {
    const url = await upstream();
    const [one, other] = await Promise.all([ensureTree({ ...options, url }), ensureTree({ ...options, url })]);
    assert.deepEqual(one, other);
  });
});
