// SPDX-License-Identifier: MIT
// The archive and the plan that a guest gets, checked with the programs that read them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpio, withParents } from '../../app/lab/vm/cpio.ts';
import { buildImage } from '../../app/lab/vm/image.ts';
import { ktapName, makeDisk, writePlan } from '../../app/lab/vm/payload.ts';
import { findKernel } from '../../app/provision/kernel.ts';
import { cacheDir } from '../support/env.ts';

describe('guest image and plan', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'abide-image-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('writes an archive that cpio unpacks', () => {
    const archive = cpio(
      withParents([
        { path: 'init', kind: 'file', mode: 0o755, data: '#!/bin/sh\n' },
        { path: 'a/b/odd', kind: 'file', mode: 0o640, data: Buffer.from([1, 2, 3]) },
        { path: 'a/link', kind: 'link', data: 'b/odd' },
      ]),
    );
    execFileSync('cpio', ['-idm', '--quiet', '--no-absolute-filenames'], { cwd: dir, input: archive });
    assert.deepEqual(readdirSync(dir, { recursive: true }).map(String).sort(), [
      'a',
      'a/b',
      'a/b/odd',
      'a/link',
      'init',
    ]);
    assert.equal(readFileSync(join(dir, 'init'), 'utf8'), '#!/bin/sh\n');
    assert.deepEqual([...readFileSync(join(dir, 'a/link'))], [1, 2, 3]);
    assert.equal(statSync(join(dir, 'a/b/odd')).mode & 0o777, 0o640);
  });

  it('is made by several at once, from nothing, and is one', async () => {
    const kernel = await findKernel(cacheDir, 'newest');
    assert.ok(kernel, 'no kernel in the cache: npm test fetches one');
    const images = await Promise.all(Array.from({ length: 4 }, () => buildImage(kernel, join(dir, 'vm'))));
    assert.equal(new Set(images.map(image => image.path)).size, 1);
    assert.deepEqual(
      readdirSync(join(dir, 'vm')).filter(name => name.endsWith('.tmp')),
      [],
    );
  });

  it('writes the same bytes whatever the order', () => {
    const entries = ['x/1', 'y', 'x/0'].map(path => ({ path, kind: 'file' as const, data: path }));
    assert.deepEqual(cpio(withParents(entries)), cpio(withParents(entries.toReversed())));
  });

  it("quotes a step's words so that a shell gives them back", async () => {
    const words = ["it's", '$(reboot)', 'a b', '', '-n', 'new\nline', '"', '\\', '*'];
    await writePlan(dir, [
      { name: 'odd # name\n', argv: ['printf', '%s|', ...words], timeoutSeconds: 0.5, ktap: false, server: ['true'] },
    ]);
    assert.equal(
      execFileSync('sh', [join(dir, '1.client')], { encoding: 'utf8' }),
      words.map(word => `${word}|`).join(''),
    );
    assert.equal(readFileSync(join(dir, 'plan'), 'utf8'), "echo 1..1 >&3\nstep 1 'odd name' 1 plain\n");
    assert.equal(ktapName('ibv_rc_pingpong -o'), 'ibv_rc_pingpong -o');
  });

  it('says with status 125 that a program is not there', async () => {
    await writePlan(dir, [{ name: 'x', argv: ['./no-such-program'], timeoutSeconds: 1, ktap: false }]);
    assert.throws(() => execFileSync('sh', [join(dir, '1.client')]), { status: 125 });
  });

  it('leaves nothing of a disk, and refuses a payload that is too big', async () => {
    const payload = join(dir, 'payload');
    execFileSync('mkdir', [payload]);
    writeFileSync(join(payload, 'file'), 'content');
    const disk = await makeDisk(payload, [], join(dir, 'cache'));
    const start = Buffer.alloc(65536 * disk.blocks);
    await disk.handle.read(start, 0, start.length, 0);
    await disk.handle.close();
    const listed = execFileSync('tar', ['-tf', '-'], { input: start, encoding: 'utf8' });
    assert.deepEqual(listed.trim().split('\n').sort(), ['./', './abide/', './abide/plan', './file']);
    assert.deepEqual(readdirSync(join(dir, 'cache')), []);
    execFileSync('truncate', ['-s', '300M', join(payload, 'big')]);
    await assert.rejects(makeDisk(payload, [], join(dir, 'cache')), { code: 'vm-failed' });
    assert.deepEqual(readdirSync(join(dir, 'cache')), []);
  });

  it('says which file of a payload cannot be packed', async () => {
    await assert.rejects(makeDisk(join(dir, 'nothing-here'), [], join(dir, 'cache')), /nothing-here/);
  });
});
