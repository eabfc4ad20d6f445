// SPDX-License-Identifier: MIT
// The doctor tells the truth: with and without each program, with a KVM that is there and does not boot, with a sandbox that cannot run.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctor, renderDoctor, type DoctorOptions, type DoctorReport, type Fact } from '../app/doctor.ts';
import { TOOLS } from '../app/provision/survey.ts';
import { cacheDir, treeDir } from './support/env.ts';

describe('doctor', () => {
  let dir: string;
  let options: DoctorOptions;
  let booted: number;

  // A PATH of links to the real programs, so that one can be taken away.
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'doctor-'));
    const path = join(dir, 'bin');
    await mkdir(path);
    for (const name of [...Object.values(TOOLS).flatMap(tools => tools.map(tool => tool.name)), 'bwrap']) {
      await symlink(await find(name), join(path, name));
    }
    booted = 0;
    options = {
      cache: cacheDir,
      tree: treeDir,
      root: true,
      path,
      probeKvm: () => {
        booted++;
        return Promise.resolve({ works: true, why: 'a guest was up' });
      },
      trySandbox: () => Promise.resolve({ works: true, why: '' }),
    };
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  const fact = (report: DoctorReport, name: string): Fact => {
    const found = report.facts.find(each => each.name === name);
    assert.ok(found, name);
    return found;
  };
  const without = (name: string) => rm(join(dir, 'bin', name));

  it('finds everything on a machine that set-up has made ready', async () => {
    const report = await doctor(options);
    assert.deepEqual(
      report.facts.filter(each => each.state === 'missing'),
      [],
    );
    assert.equal(report.ok, true);
    assert.equal(report.install, undefined);
    assert.match(fact(report, 'qemu').found, /^qemu-system-x86_64 \d+\.\d+/);
    assert.match(fact(report, 'kernel').found, /-amd64, rxe with ODP$/);
    assert.equal(fact(report, 'kvm').state, 'ok');
    assert.equal(fact(report, 'database').found, 'not used by review');
  });

  it('without qemu: says so, names the package, and does not guess about KVM', async () => {
    await without('qemu-system-x86_64');
    const report = await doctor(options);
    assert.equal(report.ok, false);
    assert.equal(fact(report, 'qemu').state, 'missing');
    assert.match(report.install ?? '', /^apt-get update && apt-get install -y .* qemu-system-x86$/);
    assert.deepEqual(
      [fact(report, 'kvm').state, fact(report, 'kvm').found],
      ['limited', 'not tried, since there is no qemu'],
    );
    assert.equal(booted, 0);
  });

  it('without any one program: names the package that brings it', async () => {
    for (const tool of [TOOLS.compiler[1], TOOLS.git[0], TOOLS.guest[0]]) {
      await without(tool.name);
      const report = await doctor(options);
      assert.equal(report.ok, false, tool.name);
      assert.ok(report.install?.split(' ').includes(tool.package), tool.name);
      await symlink(await find(tool.name), join(dir, 'bin', tool.name));
    }
  });

  it('with a KVM that is there and does not boot: a review still runs, and the reason is told', async () => {
    const why = '/dev/kvm is there and does not boot: no guest was up after 20 s';
    const report = await doctor({ ...options, probeKvm: () => Promise.resolve({ works: false, why }) });
    assert.equal(report.ok, true);
    assert.equal(fact(report, 'kvm').state, 'limited');
    assert.ok(fact(report, 'kvm').found.startsWith(why));
  });

  it('with a KVM that this user may not open: the command that lets them', async () => {
    const why = '/dev/kvm may not be opened by this user (EACCES)';
    const report = await doctor({ ...options, probeKvm: () => Promise.resolve({ works: false, why }) });
    assert.match(fact(report, 'kvm').help ?? '', /adduser "\$USER" kvm/);
  });

  it('with a probe that breaks: an answer, not a crash', async () => {
    const report = await doctor({ ...options, probeKvm: () => Promise.reject(new Error('the probe broke')) });
    assert.match(fact(report, 'kvm').found, /^the probe broke/);
  });

  it('with a bubblewrap that may not make namespaces: a review cannot run', async () => {
    const answer = { works: false, why: 'bwrap: No permissions to create new namespace' };
    const report = await doctor({ ...options, trySandbox: () => Promise.resolve(answer) });
    assert.equal(report.ok, false);
    assert.match(fact(report, 'sandbox').found, /does not work: bwrap: No permissions/);
    assert.equal(report.install, undefined);
  });

  it('without bubblewrap: it is part of what to install, as an ordinary user with sudo', async () => {
    await without('bwrap');
    const report = await doctor({ ...options, root: false });
    assert.match(report.install ?? '', /^sudo sh -c '.* bubblewrap'$/);
  });

  it('with an empty cache: kernel and tree are missing, and the command that gets them is told; nothing is made', async () => {
    const cache = join(dir, 'cache');
    const report = await doctor({ ...options, cache, tree: undefined });
    for (const name of ['kernel', 'tree']) {
      assert.deepEqual([fact(report, name).state, fact(report, name).help], ['missing', './abide setup']);
    }
    assert.equal(fact(report, 'kvm').found, 'not tried, since there is no kernel');
    assert.match(fact(report, 'disk').found, /not made yet/);
    assert.deepEqual(await readdir(dir), ['bin']);
  });

  it('with a tree of the user’s that is none: says which variable', async () => {
    const report = await doctor({ ...options, tree: dir });
    assert.equal(fact(report, 'tree').state, 'missing');
    assert.match(fact(report, 'tree').help ?? '', /ABIDE_TREE/);
  });

  it('renders a line a fact and the command last, and lets no control character through', async () => {
    await without('qemu-system-x86_64');
    const report = await doctor({ ...options, probeKvm: () => Promise.reject(new Error('never')) });
    const hostile: Fact = { name: 'x', state: 'ok', found: 'a\u001b[31mred\r' };
    const text = renderDoctor({ ...report, facts: [...report.facts, hostile] }, { color: false });
    assert.match(text, /^qemu +MISSING .*\n +→ apt-get install qemu-system-x86$/m);
    assert.match(text, /\nInstall what is missing: apt-get update && .*qemu-system-x86\n$/);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  });
});

async function find(name: string): Promise<string> {
  for (const folder of ['/usr/bin', '/usr/sbin', '/bin', '/sbin']) {
    if ((await readdir(folder)).includes(name)) return join(folder, name);
  }
  throw new Error(`the test needs ${name}, which set-up installs: run \`npm test\``);
}
