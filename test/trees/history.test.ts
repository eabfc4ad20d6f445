// SPDX-License-Identifier: MIT
// rdma-core's own history through the whole of trees/: formatted, read, based, applied, and the trees are the ones it had.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readSeries, splitMbox } from '../../app/series/index.ts';
import { openTree, type Tree } from '../../app/trees/index.ts';
import type { Series } from '../../app/model/index.ts';
import { historyDir } from '../support/env.ts';
import { leftovers, scratch } from './repo.ts';
import { join } from 'node:path';

const COMMITS = 50;
const MERGES = 5;

describe('trees: rdma-core’s history (ABIDE_HISTORY, or a tree with its history)', function () {
  this.timeout(600_000);
  const place = scratch();
  let tree: Tree;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', tree.gitDir, ...args], { maxBuffer: 1 << 28 })
      .toString()
      .trim();
  const spread = (list: readonly string[], n: number): string[] =>
    Array.from({ length: n }, (_, index) => list[Math.floor((index * (list.length - 1)) / n)]!);

  before(async function () {
    if (historyDir === undefined) return this.skip();
    tree = await openTree({ dir: historyDir, cache: join(place.dir, 'cache') });
  });
  after(async () => {
    if (historyDir === undefined) return;
    assert.deepEqual(leftovers(join(place.dir, 'cache')), []);
    await tree[Symbol.asyncDispose]();
    place.remove();
  });

  async function read(mbox: Uint8Array): Promise<Series> {
    const all = await readSeries(splitMbox(mbox, 'history'));
    assert.equal(all.length, 1);
    return all[0]!;
  }

  it(`${COMMITS} commits, by the footer: the same trees`, async () => {
    const commits = spread(git('rev-list', '--no-merges', '--min-parents=1', 'HEAD').split('\n'), COMMITS);
    for (const commit of commits) {
      const series = await read(await tree.formatRange(`${commit}^..${commit}`));
      const base = await tree.findBase(series);
      assert.equal(base.commit, git('rev-parse', `${commit}^`), `${commit}: ${base.how}`);
      const applied = await tree.apply(series, base);
      assert.equal(applied.complete, true, `${commit}: ${applied.step.log}`);
      assert.equal(git('rev-parse', `${applied.tip}^{tree}`), git('rev-parse', `${commit}^{tree}`), commit);
    }
  });

  it('ten of them, by pre-images alone: the same blobs, also without a commit', async () => {
    const commits = spread(git('rev-list', '--no-merges', '--min-parents=1', 'HEAD').split('\n'), COMMITS).filter(
      (_, index) => index % 5 === 0,
    );
    const step = (commit: string): string => git('diff-tree', '-r', '--full-index', '--no-commit-id', commit);
    for (const commit of commits) {
      const series = await read(await tree.formatCommit(commit));
      const base = await tree.findBase(series);
      assert.match(base.how, /every file as the series found it/, commit);
      const applied = await tree.apply(series, base);
      assert.equal(applied.complete, true, `${commit}: ${applied.step.log}`);
      assert.equal(step(applied.tip), step(commit), commit);
      const change = await tree.loadChange(series, applied, []);
      const bare = await tree.loadChangeFromBlobs(series, []);
      assert.deepEqual(
        bare?.files.map(file => [file.path, file.pre, file.post]),
        change.files.map(file => [file.path, file.pre, file.post]),
        commit,
      );
    }
  });

  it(`${MERGES} pull requests of several commits: the tip’s tree`, async () => {
    const merges = git('rev-list', '--merges', '--first-parent', '--max-count=300', 'HEAD')
      .split('\n')
      .filter(merge => {
        const count = Number(git('rev-list', '--count', `${merge}^1..${merge}^2`));
        return count > 1 && count < 30 && git('rev-list', '--merges', `${merge}^1..${merge}^2`) === '';
      });
    for (const merge of spread(merges, MERGES)) {
      const series = await read(await tree.formatRange(`${merge}^1..${merge}^2`));
      assert.equal(series.state, 'complete');
      const applied = await tree.apply(series, await tree.findBase(series));
      assert.equal(applied.complete, true, `${merge}: ${applied.step.log}`);
      assert.equal(git('rev-parse', `${applied.tip}^{tree}`), git('rev-parse', `${merge}^2^{tree}`), merge);
    }
  });
});
