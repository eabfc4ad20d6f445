// SPDX-License-Identifier: MIT
// Archives of a stranger: tar is the oracle for good ones, and no bad one is read.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, linkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readPayload } from '../../../app/lab/build/payload.ts';
import { readTar } from '../../../app/lab/build/tar.ts';

const LIMITS = { files: 10, bytes: 100_000 };

describe('archives', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'abide-tar-test-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const tar = (...args: string[]): Buffer => execFileSync('tar', ['--format=ustar', '-C', dir, '-cf', '-', ...args]);

  it('reads what tar wrote', () => {
    mkdirSync(join(dir, 'usr/lib'), { recursive: true });
    writeFileSync(join(dir, 'usr/lib/a.so.1'), Buffer.alloc(1000, 7));
    writeFileSync(join(dir, 'usr/b'), '');
    const files = readTar(tar('usr'), LIMITS);
    assert.deepEqual(
      files.map(file => [file.path, file.bytes.length]),
      [
        ['usr/b', 0],
        ['usr/lib/a.so.1', 1000],
      ],
    );
  });

  it('refuses links, devices, pipes, and names that lead elsewhere', () => {
    writeFileSync(join(dir, 'a'), 'a');
    symlinkSync('/etc/shadow', join(dir, 'link'));
    linkSync(join(dir, 'a'), join(dir, 'hard'));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    assert.throws(() => readTar(tar('link'), LIMITS), /not a regular file/);
    assert.throws(() => readTar(tar('a', 'hard'), LIMITS), /not a regular file/);
    assert.throws(() => readTar(tar('pipe'), LIMITS), /not a regular file/);
    for (const name of ['../a', '/a', 'x/../../a', 'a b', '.a', '..']) {
      assert.throws(() => readTar(tar('-P', `--transform=flags=r;s,^a$,${name},`, 'a'), LIMITS), /unsafe name/, name);
    }
    assert.throws(() => readTar(tar('a', 'a', '--hard-dereference'), LIMITS), /twice/);
  });

  it('refuses too much, too many, and what is cut or damaged', () => {
    writeFileSync(join(dir, 'big'), Buffer.alloc(100_001));
    assert.throws(() => readTar(tar('big'), LIMITS), /more than/);
    for (let index = 0; index < 11; index++) writeFileSync(join(dir, `f${index}`), '');
    assert.throws(() => readTar(tar(...Array.from({ length: 11 }, (_, index) => `f${index}`)), LIMITS), /more than/);
    const good = tar('f1');
    assert.throws(() => readTar(good.subarray(0, 512), LIMITS), /cut short/);
    const bad = Buffer.from(good);
    bad[5] = 66;
    assert.throws(() => readTar(bad, LIMITS), /damaged/);
  });

  it('reads or refuses any bytes, and never anything else', () => {
    writeFileSync(join(dir, 'a'), 'content');
    const good = tar('a');
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), changes => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          for (const file of readTar(bytes, LIMITS)) assert.match(file.path, /^[\w+-][\w.+-]*(\/[\w+-][\w.+-]*)*$/);
        } catch (error) {
          assert.equal((error as Error).constructor, Error);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('takes a payload only with what it must hold and nothing more', () => {
    const need = ['lib/libibverbs.so.1', 'lib/libibverbs/librxe-rdmav7.so', 'etc/libibverbs.d/rxe.driver'];
    const bins = ['devinfo', 'rc_pingpong', 'ud_pingpong', 'srq_pingpong'].map(name => `bin/ibv_${name}`);
    for (const path of [...need, ...bins].map(path => join(dir, 'usr/local', path))) {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, 'x');
    }
    assert.equal(readPayload(tar('usr')).length, 7);
    writeFileSync(join(dir, 'usr/local/bin/busybox'), 'x');
    assert.throws(() => readPayload(tar('usr')), /busybox does not belong/);
    rmSync(join(dir, 'usr/local/bin'), { recursive: true });
    assert.throws(() => readPayload(tar('usr')), /ibv_devinfo is missing/);
  });
});
