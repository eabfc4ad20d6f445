// SPDX-License-Identifier: MIT
// The example series: described, harmless, as git wrote them, and judged as they must be by the checks that build nothing.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { treeDir } from '../support/env.ts';
import { compare, exampleNames, examplesDir, expectedOf, mboxOf, reviewExample } from './support.ts';

const NEEDS_HAND = '06-does-not-apply';

describe('examples', () => {
  it('are each described in the README, and no other', async () => {
    const text = await readFile(join(examplesDir, 'README.md'), 'utf8');
    const rows = [...text.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)];
    assert.deepEqual(
      rows.map(row => row[1]),
      exampleNames,
    );
    for (const row of rows) assert.equal(row[2], `${row[1]}/series.mbox`);
  });

  for (const name of exampleNames) {
    describe(name, () => {
      it('names no one who exists', async () => {
        const text = await readFile(mboxOf(name), 'utf8');
        const addresses = [...text.matchAll(/[\w.+-]+@([\w.-]+)/g)].map(match => match[1]!);
        assert.ok(addresses.length > 0);
        for (const domain of addresses) assert.match(domain, /(^|\.)example\.org$/);
      });

      it('is judged as expected', async function () {
        this.timeout(120_000);
        const reviewed = await reviewExample(name, 'rules,apply');
        compare(reviewed, expectedOf(name), 'fast');
        await compareWithGit(name, reviewed.report.base.commit);
      });
    });
  }
});

/** git am on the same base gives every file the blob id that the mail promised; the one edited by hand is refused with git's own word for it. */
async function compareWithGit(name: string, base: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-example-'));
  try {
    const work = join(dir, 'work');
    const mails = join(dir, 'mails');
    await mkdir(mails);
    const git = (...args: string[]) => execa('git', ['-C', work, ...args]);
    await execa('git', ['clone', '--quiet', '--shared', '--no-checkout', '--', treeDir, work]);
    await git('config', 'user.name', 'Test');
    await git('config', 'user.email', 'test@example.org');
    await git('checkout', '--quiet', '--detach', base);
    await execa('git', ['mailsplit', `-o${mails}`, '--', mboxOf(name)]);
    const files = (await readdir(mails)).toSorted().map(file => join(mails, file));
    const patches = await keep(files, async file => (await readFile(file, 'utf8')).includes('\ndiff --git '));
    assert.equal(patches.length, expectedOf(name).series.patches);
    const applied = await execa('git', ['-C', work, 'am', '--quiet', '--3way', ...patches], { reject: false });
    if (name === NEEDS_HAND) {
      assert.notEqual(applied.exitCode, 0);
      assert.match(applied.stderr + applied.stdout, /Did you hand edit your patch\?/);
      return;
    }
    assert.equal(applied.exitCode, 0, applied.stderr);
    const promised = promisedBlobs(await readFile(mboxOf(name), 'utf8'));
    assert.ok(promised.size > 0);
    for (const [path, blob] of promised) {
      const { stdout } = await git('rev-parse', `HEAD:${path}`);
      assert.ok(stdout.startsWith(blob), `${path} became ${stdout}, not ${blob}`);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function keep(files: readonly string[], wanted: (file: string) => Promise<boolean>): Promise<string[]> {
  const answers = await Promise.all(files.map(wanted));
  return files.filter((_, index) => answers[index]);
}

/** The last post-image of every path, by its `index` line. */
function promisedBlobs(mbox: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of mbox.matchAll(/^diff --git a\/\S+ b\/(\S+)\n(?:new file mode \d+\n)?index \w+\.\.(\w+)/gm)) {
    found.set(match[1]!, match[2]!);
  }
  return found;
}
