// SPDX-License-Identifier: MIT
// Which Debian packages are missing, what brings them, and what a machine without them is told.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptFetch } from '../../app/provision/apt.ts';
import { DEBIAN_PACKAGES, installCommand, missingPackages, TEST_PACKAGES } from '../../app/provision/packages.ts';
import { TOOLS } from '../../app/provision/survey.ts';
import { startArchive } from '../support/apt-archive.ts';

describe('Debian packages', () => {
  it('finds what is missing among what is there', async () => {
    assert.deepEqual(await missingPackages(['no-such-abide-b', 'dpkg', 'no-such-abide-a']), [
      'no-such-abide-a',
      'no-such-abide-b',
    ]);
    assert.deepEqual(await missingPackages(['dpkg']), []);
  });

  it('are all there after set-up', async () => {
    assert.deepEqual(await missingPackages(Object.keys({ ...DEBIAN_PACKAGES, ...TEST_PACKAGES })), []);
  });

  it('bring every program that the doctor asks for', () => {
    const brought = new Set(Object.keys(DEBIAN_PACKAGES));
    for (const tool of Object.values(TOOLS).flat()) assert.ok(brought.has(tool.package), tool.name);
  });

  it('are installed by one command', () => {
    assert.match(installCommand(['gcc', 'cmake']), /^apt-get update && apt-get install -y .*gcc cmake$/);
  });
});

describe('aptFetch', () => {
  it('unpacks packages into a folder, whole or not at all', async () => {
    await using archive = await startArchive();
    const cache = await mkdtemp(join(tmpdir(), 'cache-'));
    try {
      await archive.addPackage('greeting', { files: { 'usr/share/greeting': 'hello' } });
      await archive.publish('sid');
      const into = join(cache, 'tools/greeting');
      const from = { cache, suites: ['sid'], mirrors: [archive.url], keyring: archive.keyring };
      await assert.rejects(aptFetch({ ...from, packages: ['greeting', 'absent'], into }), { code: 'download-failed' });
      assert.deepEqual(await readdir(cache), ['tmp']);
      await aptFetch({ ...from, packages: ['greeting'], into });
      assert.equal(await readFile(join(into, 'usr/share/greeting'), 'utf8'), 'hello');
    } finally {
      await rm(cache, { recursive: true });
    }
  });
});
