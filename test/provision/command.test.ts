// SPDX-License-Identifier: MIT
// The command at the root, called every way people call it; and the line that shows progress.
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { showProgress } from '../../setup/progress.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the command at the root', () => {
  let dir: string;
  let checkout: string;

  // A checkout whose cli says where it is, what runs it, and with what.
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'abide-'));
    checkout = join(dir, 'a checkout');
    await mkdir(join(checkout, 'app'), { recursive: true });
    await cp(join(root, 'abide'), join(checkout, 'abide'));
    const says =
      'console.log(JSON.stringify([process.version.split(".")[0], process.argv.slice(2)])); process.exit(7);';
    await writeFile(join(checkout, 'app/cli.ts'), `${says}\n`);
    await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  const expected = '["v24",["review","a b","*"]]';
  const call = (file: string, cwd: string) => execa(file, ['review', 'a b', '*'], { cwd, reject: false });

  it('runs with the Node of the checkout, whatever the folder, and gives on arguments and status', async () => {
    const ran = await call(join(checkout, 'abide'), '/');
    assert.equal(ran.stdout, expected);
    assert.equal(ran.exitCode, 7);
    assert.equal((await call('./abide', checkout)).stdout, expected);
  });

  it('runs through links, as npx makes one', async () => {
    await symlink('a checkout/abide', join(dir, 'first'));
    await symlink('first', join(dir, 'second'));
    assert.equal((await call(join(dir, 'second'), '/')).stdout, expected);
  });

  it('says what to do where nothing is set up yet', async () => {
    await rm(join(checkout, 'node_modules'));
    const ran = await call(join(checkout, 'abide'), '/');
    assert.equal(ran.exitCode, 3);
    assert.match(ran.stderr, /npm start/);
  });
});

describe('progress', () => {
  const shown = async (isTTY: boolean, seconds: number): Promise<string> => {
    let text = '';
    let time = 0;
    const progress = showProgress({ isTTY, write: (more: string) => (text += more) }, () => time);
    progress.say('fetching');
    time = seconds * 1000;
    await new Promise(resolve => setTimeout(resolve, 700));
    progress.end();
    return text;
  };

  it('is silent for what is done within two seconds', async () => {
    assert.equal(await shown(false, 1), '');
    assert.equal(await shown(true, 1), '');
  });

  it('writes plain lines where there is no terminal, and one line that goes away where there is', async () => {
    assert.equal(await shown(false, 3), 'fetching (3 s)\n');
    assert.match(await shown(true, 3), /^\r\u001b\[Kfetching \(3 s\)\r\u001b\[K$/);
  });
});
