// SPDX-License-Identifier: MIT
// Killed half-way, two at once, a full disk: nothing is left, nothing is damaged, and the machine's faults are said to be the machine's.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statfsSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openTree } from '../../app/trees/index.ts';
import { format, hashFolder, leftovers, lines, makeRepo, scratch, seriesOf, type Repo } from './repo.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

interface Said {
  commits?: string[];
  complete?: boolean;
  problem?: { fault: string; message: string };
  code?: string;
  message?: string;
}

describe('trees: trouble', function () {
  this.timeout(120_000); // Processes of processes, on a machine that may be busy.
  const place = scratch();
  let repo: Repo;
  let base: string;
  let mbox: string;
  let bigSeries: string;
  let expected: string[];

  before(async () => {
    repo = makeRepo(join(place.dir, 'repo'));
    base = repo.commit('base', { 'a.h': lines('a', 40), noise: randomBytes(3 << 20) });
    repo.git('checkout', '-q', '-b', 'topic');
    for (let i = 1; i <= 12; i++) {
      repo.commit(`patch ${i}`, {
        'a.h': lines('a', 40).replace(`a ${3 * i}\n`, `a ${i} changed\n`),
        [`n${i}.h`]: lines('n', i),
      });
    }
    mbox = join(place.dir, 'series.mbox');
    writeFileSync(mbox, Buffer.from(format(repo, 'master..topic'), 'latin1'));
    repo.git('checkout', '-q', '-b', 'big', base);
    repo.commit('big', { 'big.h': randomBytes(1 << 20).toString('base64') });
    bigSeries = format(repo, 'master..big');
    repo.git('checkout', '-q', 'master');
    await using tree = await openTree({ dir: repo.dir, cache: join(place.dir, 'cache') });
    const applied = await tree.apply(await seriesOf(format(repo, 'master..topic')), { commit: base, how: '' });
    assert.equal(applied.complete, true, applied.step.log);
    expected = applied.commits;
  });
  after(place.remove);

  function start(cache: string, more: { times?: number; before?: string[]; mbox?: string } = {}) {
    const [program, ...args] = [
      ...(more.before ?? []),
      process.execPath,
      CHILD,
      repo.dir,
      cache,
      more.mbox ?? mbox,
      base,
      String(more.times ?? 1),
    ];
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', chunk => (out += chunk));
    child.stderr.on('data', chunk => (err += chunk));
    const said = new Promise<Said>((resolve, reject) =>
      child.on('close', () =>
        out.endsWith('\n') ? resolve(JSON.parse(out) as Said) : reject(new Error(err || 'it said nothing')),
      ),
    );
    said.catch(() => undefined);
    return { child, said };
  }

  it('two at once, and four more, make one store and the same commits', async () => {
    const cache = join(place.dir, 'shared');
    const runs = Array.from({ length: 6 }, () => start(cache));
    for (const { said } of runs) assert.deepEqual((await said).commits, expected);
    assert.deepEqual(leftovers(cache), []);
    assert.equal(
      execFileSync('git', ['-C', storeOf(cache), 'fsck', '--no-dangling'], { stdio: 'pipe' }).toString(),
      '',
    );
  });

  it('two in one process share a tree', async () => {
    const cache = join(place.dir, 'inside');
    await using tree = await openTree({ dir: repo.dir, cache });
    const series = await seriesOf(format(repo, 'master..topic'));
    const all = await Promise.all([1, 2, 3].map(() => tree.apply(series, { commit: base, how: '' })));
    for (const one of all) assert.deepEqual(one.commits, expected);
    assert.deepEqual(leftovers(cache), []);
  });

  it('killed half-way leaves what the next open removes, and spares the living', async () => {
    const cache = join(place.dir, 'killed');
    const hash = hashFolder(repo.dir);
    const { child } = start(cache, { times: 1000 });
    for (let tries = 0; tries < 600 && !applying(cache); tries++) await sleep(50);
    assert.equal(applying(cache), true, 'the run never got to its work');
    const living = start(cache, { times: 3 });
    // Stopped before it is looked at: between two rounds there is nothing to leave behind.
    const isAtWork = (): boolean => leftovers(cache).some(name => name.startsWith(`${child.pid}-`));
    for (let tries = 0; tries === 0 || (tries < 600 && !isAtWork()); tries++) {
      child.kill('SIGCONT');
      await sleep(20);
      child.kill('SIGSTOP');
    }
    assert.ok(isAtWork(), 'the run was never seen at its work');
    child.kill('SIGKILL');
    await new Promise(done => child.once('close', done));
    assert.deepEqual((await living.said).commits, expected);
    // A git of the killed run may still be at its work.
    for (let tries = 0; tries < 600 && runsBelow(cache); tries++) await sleep(50);
    await using tree = await openTree({ dir: repo.dir, cache });
    assert.deepEqual(leftovers(cache), []);
    const again = await tree.apply(await seriesOf(format(repo, 'master..topic')), { commit: base, how: '' });
    assert.deepEqual(again.commits, expected);
    assert.equal(hashFolder(repo.dir), hash);
  });

  it('a work tree with a reused pid is stale, one of another machine’s process is not', async () => {
    const cache = join(place.dir, 'reused');
    await (await openTree({ dir: repo.dir, cache }))[Symbol.asyncDispose]();
    const work = join(storeOf(cache), '..', 'work');
    mkdirSync(join(work, `${process.pid}-1-000.aa`));
    mkdirSync(join(work, '1-1-00otherboot1.bb'));
    mkdirSync(join(work, 'no name of ours'));
    await (await openTree({ dir: repo.dir, cache }))[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(work).sort(), ['1-1-00otherboot1.bb', `${process.pid}-1-000.aa`]);
    const old = new Date(Date.now() - 25 * 3600 * 1000);
    for (const name of readdirSync(work)) utimesSync(join(work, name), old, old);
    await (await openTree({ dir: repo.dir, cache }))[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(work), []);
  });

  it('a file that may not grow is the machine’s fault', async () => {
    const cache = join(place.dir, 'limited');
    const { said } = start(cache, { before: ['prlimit', '--fsize=200000'] });
    assertMachine(await said);
    assert.deepEqual((await start(cache).said).commits, expected);
    assert.deepEqual(leftovers(cache), []);
  });

  it('a full disk is the machine’s fault, at whatever moment, and room cures it', async function () {
    if (process.getuid?.() !== 0) this.skip(); // Only root can mount; the limit above is for everybody.
    const cache = join(place.dir, 'small');
    mkdirSync(cache);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', cache]);
    try {
      for (const size of ['32k', '64k', '128k', '1m', '3200k']) {
        execFileSync('mount', ['-o', `remount,size=${size}`, cache]);
        const said = await start(cache).said;
        if (said.complete !== true) assertMachine(said);
        else assert.equal(size, '3200k');
        assert.equal(existsSync(join(cache, 'trees')) ? leftovers(cache).length : 0, 0);
      }
      execFileSync('mount', ['-o', 'remount,size=64m', cache]);
      assert.deepEqual((await start(cache).said).commits, expected);
      // The base is there; now git am itself meets the end.
      const big = join(place.dir, 'big.mbox');
      writeFileSync(big, Buffer.from(bigSeries, 'latin1'));
      const room = statfsSync(cache);
      writeFileSync(join(cache, 'filler'), randomBytes((room.bavail - 60) * room.bsize));
      const full = await start(cache, { mbox: big }).said;
      assert.equal(full.problem?.fault, 'machine', JSON.stringify(full));
      assert.equal(leftovers(cache).length, 0);
      rmSync(join(cache, 'filler'));
      assert.equal((await start(cache, { mbox: big }).said).complete, true);
    } finally {
      execFileSync('umount', [cache]);
    }
  });

  it('what was made weeks ago is forgotten, what is in use is not', async () => {
    const cache = join(place.dir, 'old');
    assert.deepEqual((await start(cache).said).commits, expected);
    const made = join(storeOf(cache), '..', 'made.git');
    const old = new Date(Date.now() - 20 * 24 * 3600 * 1000);
    const files = readdirSync(join(made, 'objects'), { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    );
    for (const entry of files) utimesSync(join(entry.parentPath, entry.name), old, old);
    utimesSync(join(made, 'abide-swept'), old, old);
    await (await openTree({ dir: repo.dir, cache }))[Symbol.asyncDispose]();
    const left = readdirSync(join(made, 'objects'), { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    );
    assert.deepEqual(
      left.map(entry => entry.name),
      ['alternates'],
    );
    assert.deepEqual((await start(cache).said).commits, expected);
  });

  function assertMachine(said: Said): void {
    assert.ok(
      said.code === 'disk-full' || said.code === 'git-failed' || said.problem?.fault === 'machine',
      JSON.stringify(said),
    );
    assert.equal(JSON.stringify(said).includes(place.dir), false, 'a path of the machine is shown');
  }
});

const storeOf = (cache: string): string => {
  const trees = join(cache, 'trees');
  return join(
    trees,
    readdirSync(trees).find(name => name !== 'home')!,
    'store.git',
  );
};

const applying = (cache: string): boolean => {
  try {
    return leftovers(cache).length > 0;
  } catch {
    return false;
  }
};

/** Whether a process of this machine works in a folder below. */
const runsBelow = (dir: string): boolean =>
  readdirSync('/proc').some(name => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(`${dir}/`);
    } catch {
      return false; // It ended meanwhile.
    }
  });
