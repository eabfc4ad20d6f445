// SPDX-License-Identifier: MIT
// Real guests: what steps may do and how their results come out; that nothing of one run reaches the host or another run.
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage } from '../../app/lab/vm/image.ts';
import { askKvm } from '../../app/lab/vm/kvm.ts';
import { emptyDisk } from '../../app/lab/vm/payload.ts';
import { resume } from '../../app/lab/vm/state.ts';
import { probeKvm } from '../../app/lab/vm.ts';
import { commandOf, descendants, effectiveUid, kernel, Lab, sh, step, words, write } from './support.ts';

const GROUP = `printf 'KTAP version 1\\n1..2\\nok 1 a\\n'; printf '# why\\nnot ok 2 b\\n# done\\n'; exit 1`;

function child(lab: Lab, script: string, of: { version: string; vmlinuz: string; modules: string }): ChildProcess {
  const file = new URL('guest-child.ts', import.meta.url).pathname;
  const argv = [file, lab.dir, of.version, of.vmlinuz, of.modules, script];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function until(condition: () => boolean, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (condition()) return true;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return condition();
}

const machines = (pid = process.pid): number[] => descendants(pid).filter(one => /qemu-system/.test(commandOf(one)));

describe('guest', function () {
  this.timeout(180_000);
  let lab: Lab;
  before(() => (lab = new Lab()));
  after(() => lab[Symbol.dispose]());
  afterEach(() => assert.deepEqual(machines(), [], 'a guest was left behind'));

  it('runs steps one after another, and tells their results apart', async () => {
    write(join(lab.payload, 'usr/local/bin/greet'), '#!/bin/sh\necho "hello $1"\n');
    const listen = { server: ['nc', '-l', '-p', '7000', '-e', 'echo', 'hi'] };
    const run = await lab.run([
      { name: 'greet', argv: ['greet', "it's; reboot -f"], timeoutSeconds: 20, ktap: false },
      sh('status', 'echo oh; exit 3'),
      sh('skips', 'echo nothing to do; exit 4'),
      sh('signal', 'kill -SEGV $$'),
      sh('slow', 'echo begun; (setsid sleep 500 &); sleep 500', { timeoutSeconds: 1 }),
      { name: 'absent', argv: ['no-such-program'], timeoutSeconds: 20, ktap: false },
      sh('group', GROUP, { ktap: true }),
      sh('group cut', `printf 'KTAP version 1\\n1..2\\nok 1 a\\n'`, { ktap: true }),
      sh('group died', `printf 'KTAP version 1\\n1..2\\nok 1 a\\n'; kill -SEGV $$`, { ktap: true }),
      sh('ping-pong', 'nc 127.0.0.1 7000 </dev/null | grep hi', listen),
      sh('server fails', 'true', { server: ['false'] }),
      sh('pretends', `printf 'ok 13 last\\n# done\\n'; echo 'not ok 12 pretends'`),
      sh('last', '[ "$(ls /proc | grep -c "^[0-9]")" -gt 1 ] && ! ps | grep -v grep | grep "sleep 500"'),
    ]);
    assert.deepEqual(words(run), [
      'boot pass',
      'greet pass',
      'status fail: exit status 3: oh',
      'skips skip: nothing to do',
      'signal fail: exit status 139',
      'slow fail: timeout: no end after 1 s: begun',
      'absent error: no such program in the payload',
      'group fail: 1 of 2: b',
      'group cut error: 1 of 2 planned results are there; the output does not end with "# done"',
      'group died fail: exit status 139; 1 of 2 planned results are there; the output does not end with "# done"',
      'ping-pong pass',
      'server fails fail: exit status 1 of the server',
      'pretends pass',
      'last pass',
      'console pass',
    ]);
    assert.equal(step(run, 'greet').log, "hello it's; reboot -f");
    assert.equal(run.how, 'resumed');
  });

  it('has the time of now and randomness of its own, although its memory is a copy', async () => {
    const steps = [
      sh('time', 'date +%s'),
      sh('random', 'cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | xxd -p'),
    ];
    const [one, two] = await Promise.all([lab.run(steps), lab.run(steps)]);
    assert.deepEqual([one.how, two.how], ['resumed', 'resumed']);
    assert.notEqual(step(one, 'random').log, step(two, 'random').log);
    for (const run of [one, two]) {
      const off = Date.now() / 1000 - Number(step(run, 'time').log);
      assert.ok(off >= -1 && off < 60, `${String(off)} s off`);
    }
  });

  it('sees the payload, rxe and nothing of the host', async () => {
    const run = await lab.run([
      sh('disks', 'ls /sys/block'),
      sh('nets', 'ls /sys/class/net; cat /proc/net/route | wc -l'),
      sh('mounts', 'cut -d" " -f3 /proc/mounts | sort -u'),
      sh('pci', 'cat /sys/bus/pci/devices/*/class | sort | uniq -c'),
      sh('write', 'echo x > /dev/vda'),
      sh(
        'gid',
        'cat /sys/class/infiniband/rxe0/ports/1/gids/1; ls /dev/infiniband; ulimit -l; rdma statistic show link rxe0/1',
      ),
    ]);
    assert.equal(step(run, 'disks').log.trim(), 'vda');
    assert.deepEqual(step(run, 'nets').log.trim().split('\n'), ['d0', 'lo', '2']);
    assert.doesNotMatch(step(run, 'mounts').log, /9p|virtiofs|nfs|cifs|fuse/);
    assert.doesNotMatch(step(run, 'pci').log, /0x02/, 'a network card');
    assert.equal(step(run, 'write').outcome, 'fail');
    assert.match(
      step(run, 'gid').log,
      /^0000:0000:0000:0000:0000:ffff:0a00:0001\n[^]*uverbs0[^]*unlimited[^]*sent_pkts/,
    );
  });

  it('errs, and never passes, where the guest stops half-way', async () => {
    const [panic, reboot, quiet] = await Promise.all(
      ['echo c > /proc/sysrq-trigger', 'reboot -f', 'kill -STOP 1; poweroff -f'].map(script =>
        lab.run([sh('first', 'true'), sh('stops', script), sh('after', 'true')]),
      ),
    );
    assert.deepEqual(words(panic!).slice(1), [
      'first pass',
      'stops error: it did not end: the guest stopped (Kernel panic - not syncing: sysrq triggered crash)',
      'after error: it was not run: the guest stopped (Kernel panic - not syncing: sysrq triggered crash)',
      'console fail: Kernel panic - not syncing: sysrq triggered crash',
    ]);
    assert.deepEqual(words(reboot!)[4], 'console fail: reboot: Restarting system');
    assert.deepEqual(words(quiet!)[2], 'stops error: it did not end: the guest stopped (reboot: Power down)');
  });

  it('bounds what is printed', async () => {
    const [program, console] = await Promise.all([
      lab.run([sh('floods', 'yes', { timeoutSeconds: 15 }), sh('after', 'true')]),
      lab.run([sh('floods', 'yes > /dev/console', { timeoutSeconds: 120 })]),
    ]);
    assert.match(words(program)[1] ?? '', /^floods fail: timeout/);
    assert.equal(words(program)[2], 'after pass');
    assert.ok(step(program, 'floods').log.length < 70_000);
    assert.equal(words(console)[1], 'floods error: it did not end: the guest printed more than it may');
  });

  it('is gone when it is interrupted', async () => {
    const stop = new AbortController();
    const run = lab.run([sh('sleeps', 'sleep 300', { timeoutSeconds: 400 })], { signal: stop.signal });
    assert.ok(await until(() => machines().length > 0, 20));
    stop.abort();
    await assert.rejects(run, { code: 'interrupted' });
    assert.deepEqual(machines(), []);
    await assert.rejects(lab.run([], { signal: AbortSignal.abort() }), { code: 'interrupted' });
  });

  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    it(`is gone when its parent gets ${signal}, and is nobody where we are root`, async () => {
      const parent = child(lab, 'sleep 300', await kernel('newest'));
      assert.ok(await until(() => machines(parent.pid).length > 0, 30));
      const guests = descendants(parent.pid ?? 0);
      if (process.geteuid?.() === 0)
        assert.ok(await until(() => machines(parent.pid).every(pid => effectiveUid(pid) === 65534), 5));
      process.kill(parent.pid ?? 0, signal);
      assert.ok(await until(() => guests.every(pid => commandOf(pid) === ''), 10), guests.map(commandOf).join('\n'));
    });
  }

  it('replaces a saved state that is cut, and does not run one that is mangled', async () => {
    const [state = ''] = lab.states();
    const whole = readFileSync(state);
    const mangled = Buffer.from(whole);
    mangled[whole.length >> 1] = (whole[whole.length >> 1] ?? 0) ^ 0xff;
    const cache = join(lab.cache, 'vm');
    const of = await kernel('newest');
    const image = await buildImage(of, cache);
    const base = { accel: 'tcg', cache, imageKey: image.key, initramfs: image.path, memoryMiB: 1024 } as const;
    const disk = await emptyDisk(cache);
    for (const bad of [mangled, Buffer.alloc(0)]) {
      writeFileSync(state, bad);
      assert.equal(await resume(state, { ...base, vmlinuz: of.vmlinuz }, disk.handle.fd), undefined);
    }
    await disk.handle.close();
    writeFileSync(state, whole.subarray(0, whole.length >> 1));
    const run = await lab.run([sh('true', 'true')]);
    assert.deepEqual([run.how, ...words(run)], ['resumed', 'boot pass', 'true pass', 'console pass']);
    assert.ok(statSync(state).size > 1 << 20);
  });

  it('boots where nothing may be kept, with the same results', async () => {
    const before = lab.states();
    const steps = [sh('date', 'date +%Y'), sh('memory', 'free -m | grep Mem')];
    const run = await lab.run(steps, { resume: false, memoryMiB: 512 });
    assert.deepEqual([run.how, ...words(run)], ['booted', 'boot pass', 'date pass', 'memory pass', 'console pass']);
    assert.equal(step(run, 'date').log.trim(), String(new Date().getUTCFullYear()));
    assert.match(step(run, 'memory').log, /Mem:\s+4\d\d\s/);
    assert.deepEqual(lab.states(), before);
  });

  it('survives being killed while it saves, and two processes that save at once', async () => {
    using fresh = new Lab();
    const of = await kernel('newest');
    const killed = child(fresh, 'true', of);
    const partial = (): boolean =>
      execFileSync('find', [fresh.dir, '-name', '*.tmp', '-size', '+100k'], { encoding: 'utf8' }) !== '';
    assert.ok(await until(partial, 90), 'it never began to save');
    killed.kill('SIGKILL');
    assert.deepEqual(
      fresh.states().filter(name => name.endsWith('.zst')),
      [],
    );
    const ends = [child(fresh, 'true', of), child(fresh, 'true', of)].map(
      one =>
        new Promise<string>(resolve => {
          let said = '';
          one.stdout?.on('data', chunk => (said += String(chunk)));
          one.once('close', () => resolve(said));
        }),
    );
    for (const said of await Promise.all(ends)) assert.match(said, /guest resumed[^]*pass pass pass\n$/);
    assert.equal(fresh.states().filter(name => name.endsWith('.zst')).length, 1);
  });

  it('says why where the kernel is no kernel', async () => {
    const bad = join(lab.dir, 'vmlinuz');
    writeFileSync(bad, 'no kernel');
    await assert.rejects(lab.run([], { kernel: { ...(await kernel('newest')), vmlinuz: bad } }), { code: 'vm-failed' });
  });

  it('leaves nothing in the cache but images, states and what it knows of KVM', () => {
    const odd = readdirSync(join(lab.cache, 'vm')).filter(
      name => !/^(?:state|image)-[\da-f]+\.(?:(?:cpio\.)?zst|key)$|^kvm-/.test(name),
    );
    assert.deepEqual(odd, []);
  });
});

describe('KVM', function () {
  this.timeout(120_000);
  let lab: Lab;
  before(() => (lab = new Lab()));
  after(() => lab[Symbol.dispose]());

  it('is used where it boots a guest, and not where it is merely there', async () => {
    const of = await kernel('newest');
    const answer = await probeKvm({ cache: lab.cache, kernel: of });
    const run = await lab.run([sh('true', 'true')], { accel: 'auto' });
    assert.equal(run.accel, answer.works ? 'kvm' : 'tcg', answer.why);
    assert.equal(step(run, 'true').outcome, 'pass');
    const began = Date.now();
    assert.deepEqual(await probeKvm({ cache: lab.cache, kernel: of }), answer);
    assert.ok(Date.now() - began < 2000, 'the answer was not remembered');
  });

  it('is not asked for where there is no device, or none for us', async () => {
    const o = { dir: join(lab.cache, 'vm'), kernel: await kernel('newest'), memoryMiB: 256 };
    assert.deepEqual(await askKvm({ ...o, device: '/dev/no-such-kvm' }), {
      works: false,
      why: 'there is no /dev/no-such-kvm',
    });
  });
});
