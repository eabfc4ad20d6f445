// SPDX-License-Identifier: MIT
// native-check on the host, under the sanitizers, without a device: its command line, its harness, its KTAP. The tests of verbs run in the VM.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKtap } from '../../app/lab/ktap.ts';
import { treeDir } from '../support/env.ts';
import { writeHeaders } from './headers.ts';

const SOURCES = new URL('../../native-check/', import.meta.url).pathname;
const FLAGS = '-std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all'.split(
  ' ',
);
const USED_UP = 'not run: the 1 s for all tests were used up';

function sources(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(SOURCES, folder))
      .filter(name => name.endsWith('.c'))
      .map(name => join(folder, name));
  return [...inFolder('.'), ...inFolder('tests')];
}

/** The host's libibverbs, which comes with QEMU; any version will do, since no device is ever opened. */
function compile(scratch: string): string {
  const include = join(scratch, 'include');
  const program = join(scratch, 'native-check');
  writeHeaders(treeDir, include);
  const objects = sources().map((file, i) => [join(SOURCES, file), join(scratch, `${i}.o`)] as const);
  const gcc = `gcc ${FLAGS.join(' ')} -I"${include}" -c "$0" -o "$1"`;
  const jobs = String(availableParallelism());
  execFileSync('xargs', ['-0', '-n2', '-P', jobs, 'sh', '-c', gcc], {
    input: objects.flat().join('\0'),
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  execFileSync('gcc', [
    ...FLAGS,
    ...objects.map(([, object]) => object),
    '-o',
    program,
    '-l:libibverbs.so.1',
    '-lpthread',
  ]);
  return program;
}

describe('native-check on the host', function () {
  this.timeout(180_000);
  let scratch: string;
  let program: string;

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'abide-native-'));
    program = compile(scratch);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
    return { status, stdout, stderr };
  }

  it('lists one test a file, by the same name, sorted', () => {
    const { status, stdout } = run('--list');
    const names = stdout.trimEnd().split('\n');
    const files = readdirSync(join(SOURCES, 'tests')).map(file => file.replace(/\.c$/, ''));
    assert.equal(status, 0);
    assert.deepEqual(names, files.toSorted());
    for (const name of names) {
      const text = readFileSync(join(SOURCES, 'tests', `${name}.c`), 'utf8');
      assert.deepEqual(
        [...text.matchAll(/^TEST\((\w+)\)$/gm)].map(match => match[1]),
        [name],
      );
    }
  });

  it('lists what filters select', () => {
    assert.equal(run('--list', '--filter', 'rc_re?d', '--filter', 'caps_odp').stdout, 'caps_odp\nrc_read\n');
  });

  it('refuses a wrong command line with status 2 and nothing on stdout', () => {
    const wrong = [
      ['--filter', 'no_such_test'],
      ['--list', '--filter', 'no_such_test'],
      ['--port', '0'],
      ['--gid-index', 'one'],
      ['--timeout', '5s'],
      ['--frobnicate'],
      ['rc_read'],
    ];
    for (const args of wrong) {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
      assert.match(stderr, /native-check/, args.join(' '));
    }
  });

  it('says --help on stdout', () => {
    const { status, stdout } = run('--help');
    assert.equal(status, 0);
    for (const option of ['--list', '--filter', '--device', '--port', '--gid-index', '--require-device']) {
      assert.ok(stdout.includes(option), option);
    }
  });

  it('says with its self-test how a child ends: passing, failing, skipping, crashing, hanging', () => {
    const { status, stdout } = run('--self-test', '--timeout', '2');
    const document = readKtap(stdout);
    assert.equal(status, 1);
    assert.deepEqual(document.problems, []);
    assert.equal(document.done, true);
    assert.deepEqual(
      document.tests.map(({ name, outcome, reason }) => [name, outcome, reason?.replace(/\w+\.c:\d+/, 'FILE')]),
      [
        ['bad_abort', 'fail', 'killed by SIGABRT, while: calling abort'],
        ['bad_bytes', 'fail', 'FILE: bytes: byte 40 of 64 is 0xd0, not 0xd1'],
        ['bad_exit', 'fail', 'exited with status 0 and no result'],
        ['bad_fail', 'fail', 'FILE: two lines?ok 1 forged # ?[31mred'],
        ['bad_hang', 'fail', 'no end within 2 s, while: sleeping for ever'],
        ['bad_kill', 'fail', 'killed by SIGKILL'],
        ['bad_presence', 'fail', 'FILE: pages of which one was touched: 1 of 4 pages are present that nobody touched'],
        ['bad_thread', 'fail', 'FILE: from a thread'],
        ['good_memory', 'pass', undefined],
        ['good_noise', 'pass', undefined],
        ['good_pattern', 'pass', undefined],
        ['good_statistics', 'pass', undefined],
        ['skip_with_reason', 'skip', 'because it is a test of skipping'],
      ],
    );
    assert.match(stdout, /^# Totals: pass:4 fail:8 xfail:0 xpass:0 skip:1 error:0\n# done\n$/m);
    assert.match(stdout, /^# good_noise: a note$/m);
  });

  it('keeps what a test prints out of the results', () => {
    const { stdout, stderr } = run('--self-test', '--filter', 'good_noise');
    assert.ok(!stdout.includes('not ok'));
    assert.match(stderr, /^not ok 1 what a library prints/m);
  });

  it('exits with the statuses of kselftest', () => {
    assert.equal(run('--self-test', '--filter', 'good_*').status, 0);
    assert.equal(run('--self-test', '--filter', 'good_*', '--filter', 'skip_*').status, 0);
    assert.equal(run('--self-test', '--filter', 'skip_*').status, 4);
    assert.equal(run('--self-test', '--filter', 'good_*', '--filter', 'bad_fail').status, 1);
  });

  it('fails tests for which no time is left, each by name', () => {
    const document = readKtap(run('--self-test', '--timeout', '2', '--budget', '1').stdout);
    const hang = document.tests.findIndex(({ name }) => name === 'bad_hang');
    assert.deepEqual(document.problems, []);
    assert.ok(document.tests.length > hang + 1);
    for (const test of document.tests.slice(hang + 1)) {
      assert.deepEqual([test.outcome, test.reason], ['fail', USED_UP], test.name);
    }
  });

  it('leaves no process behind a test that hangs', () => {
    run('--self-test', '--timeout', '1', '--filter', 'bad_hang');
    const left = readdirSync('/proc').filter(pid => {
      const file = `/proc/${pid}/cmdline`;
      try {
        return /^\d+$/.test(pid) && existsSync(file) && readFileSync(file, 'utf8').startsWith(program);
      } catch {
        return false; // it ended meanwhile
      }
    });
    assert.deepEqual(left, []);
  });

  it('never takes "no device" for a pass', () => {
    const without = run('--device', 'no_such_device0');
    assert.equal(without.status, 1);
    assert.match(without.stdout, /^KTAP version 1\nBail out! no RDMA device named no_such_device0 /);
    assert.notDeepEqual(readKtap(without.stdout).problems, []);
  });

  it('skips all with a reason where there is no device, and bails out where one is required', () => {
    const skipped = run('--filter', 'caps_legacy');
    const required = run('--filter', 'caps_legacy', '--require-device');
    if (skipped.stdout.includes('1..1\n')) {
      // A machine with an RDMA device: the program must find it both times.
      assert.ok(required.stdout.includes('1..1\n'));
      return;
    }
    assert.equal(skipped.status, 4);
    assert.match(skipped.stdout, /^KTAP version 1\n1\.\.0 # SKIP no RDMA device [^\n]+\n# done\n$/);
    assert.equal(required.status, 1);
    assert.match(required.stdout, /^KTAP version 1\nBail out! no RDMA device [^\n]+\n$/);
  });
});
