// SPDX-License-Identifier: MIT
// The command from outside: what it leaves behind for the shell that called it. Small repositories of our own, no build and no guest.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, lines, makeRepo, scratch } from '../trees/repo.ts';

const abide = fileURLToPath(new URL('../../abide', import.meta.url));

describe('the command', function () {
  this.timeout(60_000); // Each test starts a node and some dozens of gits.
  const place = scratch();
  const [cache, repo, bad] = ['cache', 'repo', 'bad.mbox'].map(name => join(place.dir, name)) as [
    string,
    string,
    string,
  ];
  const running = new Set<ChildProcess>();

  before(() => {
    const made = makeRepo(repo);
    made.commit('base', { 'a.h': lines('a', 20) });
    made.git('checkout', '-q', '-b', 'topic');
    made.commit('topic', { 'a.h': lines('a', 21) });
    writeFileSync(join(place.dir, 'good.mbox'), format(made, 'master..topic'));
    made.git('checkout', '-q', 'master');
    // The tree has what the series was made against, and has moved on: it cannot apply.
    made.commit('moved on', { 'a.h': lines('b', 20) });
    writeFileSync(bad, format(made, 'topic~1..topic'));
  });
  after(() => {
    for (const child of running) child.kill('SIGKILL');
    place.remove();
  });

  /** `stdout`: a file descriptor, or a pipe that is read, or one whose reader leaves at once. */
  function run(args: string[], stdout: number | 'read' | 'leave' = 'read') {
    const child = spawn(abide, args, {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: place.dir, ABIDE_CACHE: cache },
      stdio: ['ignore', typeof stdout === 'number' ? stdout : 'pipe', 'pipe'],
    });
    running.add(child);
    let [out, err] = ['', ''];
    if (stdout === 'leave') child.stdout!.destroy();
    else child.stdout?.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr!.on('data', (part: Buffer) => (err += part.toString()));
    return new Promise<{ status: number | null; out: string; err: string }>(resolve =>
      child.on('close', status => {
        running.delete(child);
        resolve({ status, out, err });
      }),
    );
  }
  const review = (...more: string[]): string[] => ['review', '--tree', repo, '--checks', 'rules,apply', ...more];

  it('ends with the verdict', async () => {
    assert.equal((await run(review('--base', 'topic~1', join(place.dir, 'good.mbox')))).status, 0);
    const { status, out } = await run(review('--base', 'master', bad));
    assert.equal(status, 1, out);
    assert.match(out, /does-not-apply/);
  });
  it('ends with the verdict also where the reader of the report has left', async () => {
    const { status, err } = await run(review('--base', 'master', bad), 'leave');
    assert.deepEqual([status, err], [1, '']);
  });
  it('says so where the report cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const { status, err } = await run(['rules'], full);
    closeSync(full);
    assert.equal(status, 3);
    assert.match(err, /cannot be written: ENOSPC/);
  });
  it('knows its version', async () => {
    const { status, out } = await run(['--version']);
    assert.equal(status, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });
});
