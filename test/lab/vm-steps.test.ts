// SPDX-License-Identifier: MIT
// What a guest printed becomes steps: a program's failure is a fail, a failure of the machine is an error, and nothing lost is a pass.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeSteps, type Evidence, type GuestStep } from '../../app/lab/vm/steps.ts';

const PLAN: GuestStep[] = [
  { name: 'native-check', argv: ['native-check'], timeoutSeconds: 9, ktap: true },
  { name: 'devinfo', argv: ['ibv_devinfo'], timeoutSeconds: 9, ktap: false },
];
const GOOD = `KTAP version 1
1..2
# Subtest: native-check
    KTAP version 1
    1..2
    ok 1 a
    ok 2 b # SKIP no huge pages
    # done
ok 1 native-check
# | hca_id: rxe0
ok 2 devinfo
# done
`;

function judge(ktap: string, seen: Partial<Evidence> = {}): string[] {
  const steps = judgeSteps(PLAN, { ktap, console: '', ending: 'done', seconds: [1, 2], ...seen });
  return steps.map(({ name, outcome, reason }) => `${name} ${outcome}${reason === undefined ? '' : `: ${reason}`}`);
}

describe('steps of a guest', () => {
  it('passes what is whole and good, with cases and log', () => {
    assert.deepEqual(judge(GOOD), ['native-check pass', 'devinfo pass', 'console pass']);
    const [check, devinfo] = judgeSteps(PLAN, { ktap: GOOD, console: '', ending: 'done', seconds: [1, 2] });
    assert.deepEqual(check?.cases, [
      { name: 'a', outcome: 'pass' },
      { name: 'b', outcome: 'skip', reason: 'no huge pages' },
    ]);
    assert.deepEqual([check.seconds, devinfo?.seconds, devinfo?.log], [1, 2, 'hca_id: rxe0']);
  });

  it('fails with the cases that fail', () => {
    const bad = GOOD.replace('    ok 1 a', '    # byte 3 is wrong\n    not ok 1 a').replace(
      'ok 1 native-check',
      'not ok 1 native-check # exit status 1',
    );
    assert.deepEqual(judge(bad), ['native-check fail: 1 of 2: a', 'devinfo pass', 'console pass']);
    const [check] = judgeSteps(PLAN, { ktap: bad, console: '', ending: 'done', seconds: [] });
    assert.equal(check?.cases[0]?.reason, 'byte 3 is wrong');
  });

  it('takes the last words of a program as the reason, and its status 4 as a skip', () => {
    assert.match(
      judge(GOOD.replace('ok 2 devinfo', 'not ok 2 devinfo # exit status 1'))[1] ?? '',
      /fail: exit status 1: hca_id: rxe0$/,
    );
    assert.equal(
      judge(GOOD.replace('ok 2 devinfo', 'ok 2 devinfo # SKIP exit status 4'))[1],
      'devinfo skip: hca_id: rxe0',
    );
  });

  it('skips where the device has no ODP, as the ping-pongs of rdma-core say it', () => {
    const said = "The device isn't ODP capable or does not support RC send and receive with ODP";
    const old = GOOD.replace('hca_id: rxe0', said).replace('ok 2 devinfo', 'not ok 2 devinfo # exit status 1');
    assert.equal(judge(old)[1], `devinfo skip: ${said}`);
    assert.match(judge(old.replace('status 1', 'status 139'))[1] ?? '', /^devinfo fail: exit status 139/);
  });

  it('tells a program that dies from output that is lost', () => {
    const cut = GOOD.replace(/ {4}ok 2 b.*\n {4}# done\n/, '');
    assert.match(judge(cut)[0] ?? '', /^native-check error: 1 of 2 planned results are there; .*"# done"$/);
    const died = cut.replace('ok 1 native-check', 'not ok 1 native-check # exit status 139');
    assert.match(judge(died)[0] ?? '', /^native-check fail: exit status 139; 1 of 2/);
    const late = cut.replace('ok 1 native-check', 'not ok 1 native-check # TIMEOUT no end after 9 s');
    assert.match(judge(late)[0] ?? '', /^native-check fail: timeout: no end after 9 s; 1 of 2/);
    const silent = GOOD.replace(/^ {4}.*\n/gm, '');
    assert.equal(judge(silent)[0], 'native-check error: there is no KTAP output at all');
    const unloadable = silent.replace('ok 1 native-check', 'not ok 1 native-check # exit status 127');
    assert.match(judge(unloadable)[0] ?? '', /^native-check fail: exit status 127/);
  });

  it('fails a program that ends badly after good cases, and one whose cases fail whatever its status', () => {
    assert.match(
      judge(GOOD.replace('ok 1 native-check', 'not ok 1 native-check # exit status 1'))[0] ?? '',
      /fail: no case failed, but/,
    );
    assert.equal(judge(GOOD.replace('    ok 1 a', '    not ok 1 a'))[0], 'native-check fail: 1 of 2: a');
  });

  it('errs where a program is not in the payload', () => {
    assert.equal(
      judge(GOOD.replace('ok 2 devinfo', 'not ok 2 devinfo # ERROR no such program in the payload'))[1],
      'devinfo error: no such program in the payload',
    );
  });

  it('errs where there is no output, a reboot, a panic, a hang, a flood', () => {
    assert.deepEqual(judge('', { ending: 'gone' }), [
      'native-check error: it did not end: the guest ended by itself',
      'devinfo error: it was not run: the guest ended by itself',
      'console error: the console is not complete: the guest did not reach its end',
    ]);
    const half = GOOD.slice(0, GOOD.indexOf('# |'));
    const line = (text: string): string => `[    9.000000] ${text}\n`;
    assert.deepEqual(judge(half, { ending: 'gone', console: line('reboot: Restarting system') }), [
      'native-check pass',
      'devinfo error: it did not end: the guest stopped (reboot: Restarting system)',
      'console fail: reboot: Restarting system',
    ]);
    assert.match(
      judge(half, { ending: 'gone', console: line('Kernel panic - not syncing: x') })[1] ?? '',
      /error: .*Kernel panic/,
    );
    assert.match(judge(half, { ending: 'late' })[1] ?? '', /error: it did not end: the time for all steps was over/);
    assert.match(
      judge(half, { ending: 'flooded' })[1] ?? '',
      /error: it did not end: the guest printed more than it may/,
    );
    const stuck =
      'KTAP version 1\n1..2\nnot ok 1 native-check # TIMEOUT no end after 9 s, and it cannot be killed\n# stopped\n';
    assert.match(judge(stuck)[1] ?? '', /^devinfo error: it was not run: native-check hangs in the kernel/);
  });

  it('believes nothing that is doubled or out of order', () => {
    const doubled = GOOD.replace('ok 2 devinfo', 'ok 1 native-check\nok 2 devinfo');
    assert.match(judge(doubled).join('\n'), /^native-check error: .*\ndevinfo error: .*\n/);
    assert.match(judge(GOOD + GOOD).join('\n'), /^native-check error: .*begins again.*\ndevinfo error/);
  });

  it('reports the kernel apart from the tests, a case a kind', () => {
    const oops =
      '[    9.000000] BUG: kernel NULL pointer dereference, address: 0\n[    9.100000] INFO: task a:1 blocked for more than 20 seconds.\n';
    const steps = judgeSteps(PLAN, { ktap: GOOD, console: oops, ending: 'done', seconds: [] });
    const cases = steps
      .at(-1)
      ?.cases.filter(c => c.outcome === 'fail')
      .map(c => c.name);
    assert.deepEqual(cases, ['hung-task', 'oops']);
    assert.equal(steps[0]?.outcome, 'pass');
    assert.match(judge(GOOD, { ending: 'console-behind' })[2] ?? '', /error: .*its last lines never came/);
  });

  it('is never all pass when any byte range of the output is missing', () => {
    fc.assert(
      fc.property(fc.nat(GOOD.length - 1), fc.integer({ min: 1, max: 60 }), (from, length) => {
        const damaged = GOOD.slice(0, from) + GOOD.slice(from + length);
        const same = damaged.split('\n').filter(line => !/^(# \||# Subtest)/.test(line.trim()));
        const whole = GOOD.split('\n').filter(line => !/^(# \||# Subtest)/.test(line.trim()));
        const ending = /\n# done\n/.test(damaged) ? 'done' : 'gone';
        const judged = judge(damaged, { ending });
        if (judged.every(step => / pass$/.test(step))) {
          // Names, reasons, indents and logs may suffer; results and plans may not.
          const bones = (lines: string[]): string[] =>
            lines.map(l => /^\s*((?:not )?ok \d+|1\.\.\d+|# done)/.exec(l)?.[1] ?? '').filter(Boolean);
          assert.deepEqual(bones(same), bones(whole));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
