// SPDX-License-Identifier: MIT
// What a stranger's CMake file may try, each on a small project of its own: it gets nothing, and ends as a clear outcome.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbideError } from '../../app/errors.ts';
import { runSandboxed } from '../../app/lab/sandbox.ts';
import type { SandboxJob, SandboxResult } from '../../app/lab/sandbox.ts';

const LIMITS = { seconds: 30, memoryMiB: 512, processes: 100, outputMiB: 8, diskMiB: 64 };
const SECRET = 'abide-planted-secret-1f2e3d';

describe('sandbox', function () {
  this.timeout(60_000);
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'abide-sandbox-test-'));
    execFileSync('chmod', ['755', dir]);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Configures a project whose CMake file runs `script` in a shell, then prints how that ended. */
  function cmake(script: string, job: Partial<SandboxJob> = {}): Promise<SandboxResult> {
    writeFileSync(join(dir, 'hostile.sh'), script);
    const lines = [
      'cmake_minimum_required(VERSION 3.18)',
      'project(hostile LANGUAGES NONE)',
      'execute_process(COMMAND sh ${CMAKE_SOURCE_DIR}/hostile.sh RESULT_VARIABLE result)',
      'message(STATUS "the script ended: ${result}")',
    ];
    writeFileSync(join(dir, 'CMakeLists.txt'), lines.join('\n'));
    const fixed = { argv: ['cmake', '-S', '/src', '-B', '/build'], cwd: '/build', scratch: '/build' };
    return runSandboxed({ ...fixed, binds: [{ from: dir, to: '/src' }], limits: LIMITS, ...job });
  }

  it('runs what is harmless', async () => {
    const result = await cmake('echo hello; cc -dumpversion');
    assert.equal(result.outcome, 'exited', result.output);
    assert.equal(result.status, 0);
    assert.match(result.output, /hello\n\d+\n-- the script ended: 0/);
  });

  it('shows no secret: not of the environment, the home, /etc, /proc or another process', async () => {
    const planted = join(homedir(), `.abide-planted-${process.pid}`);
    writeFileSync(planted, SECRET);
    // eslint-disable-next-line no-restricted-properties -- what the job must not get to see
    process.env['ABIDE_TEST_PLANTED'] = SECRET;
    try {
      const script = `
        env; set; cat ${planted} ~/.abide* /root/.abide* "$HOME"/.* /etc/shadow /etc/passwd /etc/hostname
        cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; cat /proc/1/root${planted} /proc/self/cwd/../..${planted}
        ls /etc /home /root ${homedir()} /var /sys /run /mnt /srv /boot
        ls -l /proc/self/fd; for fd in /proc/self/fd/*; do [ "$fd" -ef /dev/null ] || timeout 1 head -c 99 "$fd"; done
        for i in 0 1 2; do echo; done`;
      const result = await cmake(script);
      assert.equal(result.outcome, 'exited');
      assert.ok(!result.output.includes(SECRET), result.output);
      assert.ok(!result.output.includes('root:'), result.output);
      assert.match(result.output, /\/etc\/shadow: (No such file|Permission denied)/);
      assert.match(result.output, /cannot access '\/home'/);
      assert.match(result.output, /\nalternatives\nld\.so\.cache\n/);
    } finally {
      rmSync(planted);
      // eslint-disable-next-line no-restricted-properties -- as it was
      delete process.env['ABIDE_TEST_PLANTED'];
    }
  });

  it('hands down no open file of ours', async () => {
    const result = await runSandboxed({ argv: ['ls', '/proc/self/fd'], cwd: '/tmp', binds: [], limits: LIMITS });
    // 3 is the folder that ls itself reads.
    assert.deepEqual(result.output.trim().split(/\s+/), ['0', '1', '2', '3']);
  });

  it('reaches no network, not even this machine', async () => {
    let reached = 0;
    const server = createServer(socket => {
      reached++;
      socket.destroy();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const python = (lines: string): string => `timeout 5 python3 -c '${lines}' 2>&1 | tail -1\n`;
    try {
      const result = await cmake(
        python(`import socket; socket.create_connection(("127.0.0.1", ${port}), 3); print("REACHED")`) +
          python('import socket; socket.create_connection(("192.0.2.1", 80), 3); print("REACHED")') +
          python('import socket; s = socket.socket(40, socket.SOCK_STREAM); print("REACHED vsock")') +
          'ls /sys/class/net; cat /proc/net/dev',
      );
      assert.equal(result.outcome, 'exited');
      assert.ok(!result.output.includes('REACHED'), result.output);
      assert.match(result.output, /Connection refused/);
      assert.match(result.output, /Network is unreachable/);
      assert.match(result.output, /Operation not permitted/);
      assert.equal(reached, 0);
    } finally {
      server.close();
    }
  });

  it('writes nothing outside its scratch folders', async () => {
    const mark = `abide-escaped-${process.pid}`;
    const places = [
      '/src',
      '/usr',
      '/usr/bin',
      '/etc',
      '/',
      '/dev',
      '/dev/shm',
      '/proc',
      '/var/tmp',
      homedir(),
      tmpdir(),
      '/tmp',
    ];
    const before = readdirSync(dir).length;
    const result = await cmake(places.map(place => `echo x >${place}/${mark} && echo "WROTE ${place}"`).join('\n'));
    assert.equal(result.outcome, 'exited');
    const wrote = result.output.split('\n').filter(line => line.startsWith('WROTE'));
    // /tmp is its own.
    assert.ok(
      wrote.every(line => line === 'WROTE /tmp'),
      wrote.join(),
    );
    for (const place of places) assert.ok(!existsSync(join(place, mark)), place);
    assert.equal(readdirSync(dir).length, before + 2);
  });

  it('cannot make itself more powerful', async () => {
    const result = await cmake(`
      unshare -Ur true; unshare -m true; mount -t tmpfs x /tmp; su -c true; grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status
      for what in memfd_create:319 shmget:29 ptrace:101 bpf:321 io_uring_setup:425; do
        python3 -c 'import ctypes, sys; c = ctypes.CDLL(None, use_errno=True); n, i = sys.argv[1].split(":"); r = c.syscall(int(i), 0, 4096, 0o1600); print(n, r, ctypes.get_errno())' $what
      done`);
    assert.match(result.output, /CapEff:\s0{16}\nNoNewPrivs:\s1\nSeccomp:\s2/);
    assert.match(result.output, /unshare: unshare failed/);
    if (process.arch === 'x64')
      assert.equal(
        result.output.match(/^(memfd_create|shmget|ptrace|bpf|io_uring_setup) -1 1$/gm)?.length,
        5,
        result.output,
      );
  });

  it('ends a fork bomb within seconds', async () => {
    const result = await cmake('bomb() { bomb | bomb & }; while :; do bomb; sleep 0.05; done 2>/dev/null');
    assert.equal(result.outcome, 'processes', result.output);
    assert.ok(result.seconds < 15, `${result.seconds} s`);
  });

  it('ends a fork bomb that is polite about its failures', async () => {
    const result = await cmake('i=0; while [ $i -lt 400 ]; do sleep 20 & i=$((i+1)); done; wait');
    assert.equal(result.outcome, 'processes', result.output);
    assert.ok(result.seconds < 15, `${result.seconds} s`);
  });

  it('ends a memory bomb, in one process and in many', async () => {
    const eat = (bytes: number): string => `python3 -c 'x = []\nwhile True: x.append(bytearray(b"a" * ${bytes}))'`;
    for (const script of [eat(50_000_000), `for i in 1 2 3 4 5 6 7 8; do ${eat(1_000_000)} & done; wait`]) {
      const result = await cmake(script);
      assert.equal(result.outcome, 'memory', result.output);
      assert.ok(result.seconds < 25, `${result.seconds} s`);
    }
  });

  it('ends what fills the disk, with one file, with many, with empty ones', async () => {
    for (const script of [
      'cat /dev/zero >/build/big; sleep 60',
      'i=0; while :; do head -c 1000000 /dev/zero >/build/$i || sleep 60; i=$((i+1)); done',
      'cat /dev/zero >/tmp/big; sleep 60',
      `python3 -c 'for i in range(10**8): open("/build/" + str(i), "w").close()'; sleep 60`,
    ]) {
      const result = await cmake(script);
      assert.equal(result.outcome, 'disk', result.output);
      assert.ok(result.seconds < 25, `${result.seconds} s`);
    }
  });

  it('ends what runs for ever', async () => {
    const result = await cmake('trap "" TERM INT HUP; while :; do :; done', { limits: { ...LIMITS, seconds: 1 } });
    assert.equal(result.outcome, 'timeout');
    assert.ok(result.seconds < 5, `${result.seconds} s`);
  });

  it('ends what prints without end, and keeps its last words', async () => {
    const result = await cmake('yes "\x1b[31mnoise"');
    assert.equal(result.outcome, 'output');
    assert.match(result.output, /noise\nnoise/);
    assert.ok(!result.output.includes('\x1b'));
    assert.ok(result.output.length < 70_000);
  });

  it('leaves no daemon behind', async () => {
    const mark = `7${process.pid}`;
    const daemons = `setsid sleep ${mark} </dev/null >/dev/null 2>&1 & (trap "" HUP TERM; sleep ${mark}) >/dev/null 2>&1 &`;
    const result = await cmake(daemons);
    assert.equal(result.outcome, 'exited');
    assert.equal(result.status, 0);
    assert.ok(!running(`sleep\0${mark}`));
  });

  it('is gone at once when it is cancelled', async () => {
    const controller = new AbortController();
    const mark = `8${process.pid}`;
    const job = cmake(`sleep ${mark}`, { signal: controller.signal });
    while (!running(`sleep\0${mark}`)) await new Promise(resolve => setTimeout(resolve, 20));
    const started = Date.now();
    controller.abort();
    assert.equal((await job).outcome, 'killed');
    assert.ok(Date.now() - started < 2000);
    assert.ok(!running(`sleep\0${mark}`));
    assert.equal((await cmake('true', { signal: AbortSignal.abort() })).outcome, 'killed');
  });

  it('is gone when it is cancelled at any moment of its start', async () => {
    const jobs = Array.from({ length: 12 }, (_, index) => {
      const argv = ['sleep', `9${process.pid}`];
      return runSandboxed({ argv, cwd: '/tmp', binds: [], limits: LIMITS, signal: AbortSignal.timeout(1 + index * 5) });
    });
    for (const result of await Promise.all(jobs)) assert.equal(result.outcome, 'killed');
    assert.ok(!running(`sleep\0${9}${process.pid}`));
  });

  it('is gone when Abide itself is killed', async () => {
    const mark = `6${process.pid}`;
    const script = `
      import { runSandboxed } from ${JSON.stringify(new URL('../../app/lab/sandbox.ts', import.meta.url).href)};
      const limits = ${JSON.stringify(LIMITS)};
      await runSandboxed({ argv: ['sleep', '${mark}'], cwd: '/tmp', binds: [], limits });`;
    const abide = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: 'ignore' });
    while (!running(`\0sleep\0${mark}`)) await new Promise(resolve => setTimeout(resolve, 20));
    await new Promise(resolve => setTimeout(resolve, 200));
    abide.kill('SIGKILL');
    const deadline = Date.now() + 3000;
    while (running(`sleep\0${mark}`) && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20));
    assert.ok(!running(`sleep\0${mark}`));
  });

  it('passes bytes out by one descriptor alone, and no more than agreed', async () => {
    const shell = (script: string): Promise<SandboxResult> =>
      runSandboxed({ argv: ['sh', '-c', script], cwd: '/tmp', binds: [], limits: LIMITS, collectMiB: 1 });
    const result = await shell('head -c 1000000 /dev/zero >&5');
    assert.deepEqual([result.outcome, result.status, result.collected.length], ['exited', 0, 1_000_000]);
    assert.equal((await shell('cat /dev/zero >&5')).outcome, 'output');
  });

  it('works for an ordinary user as for root', async function () {
    if (process.getuid?.() !== 0) return; // Then every test above has shown it.
    const script = `
      import { runSandboxed } from ${JSON.stringify(new URL('../../app/lab/sandbox.ts', import.meta.url).href)};
      // Only now: a checkout of root's may be in a folder that nobody else can enter.
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
      const limits = ${JSON.stringify(LIMITS)};
      const run = script => runSandboxed({ argv: ['sh', '-c', script], cwd: '/tmp', binds: [], limits });
      const results = [];
      for (const script of ['id -u', 'while :; do sleep 20 & done', 'cat /dev/zero >/tmp/x; sleep 20', 'cat /etc/shadow'])
        results.push(await run(script));
      console.log(JSON.stringify(results.map(({ outcome, status }) => [outcome, status])));`;
    const text = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
      cwd: '/',
    });
    assert.deepEqual(
      JSON.parse(text),
      [
        ['exited', 0],
        ['processes', null],
        ['disk', null],
        ['exited', 1],
      ].map(([outcome, status]) => (status === null ? [outcome, null] : [outcome, status])),
    );
  });

  it('says what is wrong where there is no sandbox', async () => {
    const job = runSandboxed({
      argv: ['true'],
      cwd: '/tmp',
      binds: [{ from: '/nonexistent', to: '/src' }],
      limits: LIMITS,
    });
    await assert.rejects(job, (error: unknown) => error instanceof AbideError && error.code === 'sandbox-failed');
  });
});

/** Whether a process on this host has that in its command line. */
function running(words: string): boolean {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .some(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(words);
      } catch {
        return false;
      }
    });
}
