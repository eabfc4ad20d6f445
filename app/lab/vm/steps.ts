// SPDX-License-Identifier: MIT
// From what a guest printed to steps and cases. Pure. It keeps a program's failure apart from a failure of the machine: only what the
// runner itself reported may be a fail, and a result that is missing is an error.
import type { Case, Outcome, Step } from '../../model/run.ts';
import { CONSOLE_KINDS, readConsole, type ConsoleFinding } from '../console.ts';
import { readKtap, type KtapDocument, type KtapTest } from '../ktap.ts';
import { sanitise } from '../sanitise.ts';

export interface GuestStep {
  readonly name: string;
  readonly argv: readonly string[];
  /** Started first, in the background: the other end of a ping-pong. The step's program starts when it listens. Both must exit 0. */
  readonly server?: readonly string[];
  readonly timeoutSeconds: number;
  /** Whether it speaks KTAP; else its exit status is its result (0 pass, 4 skip). */
  readonly ktap: boolean;
}

/** How the guest came to its end. */
export type Ending = 'done' | 'late' | 'flooded' | 'gone' | 'console-behind';

export interface Evidence {
  readonly ktap: string;
  readonly console: string;
  readonly ending: Ending;
  /** Seconds each step took, as far as the host saw them end. */
  readonly seconds: readonly number[];
}

const LOG_TAIL = 64 * 1024;
// libibverbs/examples/{rc,srq,xsrq}_pingpong.c say this and exit 1 where the device has no ODP.
const NO_ODP = /^The device isn't ODP capable.*/m;

/** The given steps in their order, then `console`. */
export function judgeSteps(plan: readonly GuestStep[], seen: Evidence): Step[] {
  const document = readKtap(seen.ktap);
  const logs = splitLogs(seen.ktap);
  const findings = readConsole(seen.console);
  // What is doubled or out of order cannot be told apart: then none of it is believed.
  const sound = document.problems.length === 0 && (document.plan ?? plan.length) === plan.length;
  const believed = sound && document.plan !== undefined;
  const steps = plan.map((step, index): Step => {
    const log = sanitise((logs[index] ?? []).join('\n'), LOG_TAIL);
    const test = believed ? document.tests[index] : undefined;
    const judged = test ? judgeStep(step, test, log) : missing(sound, index, document, seen, findings);
    return { name: step.name, seconds: seen.seconds[index] ?? 0, log, cases: [], ...judged };
  });
  return [...steps, consoleStep(findings, seen)];
}

type Judged = Pick<Step, 'outcome'> & Partial<Pick<Step, 'reason' | 'cases'>>;

function missing(
  sound: boolean,
  index: number,
  document: KtapDocument,
  seen: Evidence,
  findings: readonly ConsoleFinding[],
): Judged {
  const began = index === document.tests.length && !document.tests.some(isStuck);
  const what = !sound ? 'its result cannot be told from another' : began ? 'it did not end' : 'it was not run';
  return { outcome: 'error', reason: `${what}: ${whyEnded(sound, document, seen, findings)}` };
}

function whyEnded(sound: boolean, document: KtapDocument, seen: Evidence, findings: readonly ConsoleFinding[]): string {
  if (!sound) return document.problems.join('; ') || 'the plan is not the one that was given';
  const stuck = document.tests.find(isStuck);
  if (stuck !== undefined) return `${stuck.name} hangs in the kernel and cannot be killed`;
  const end = findings.find(finding => finding.kind === 'panic' || finding.kind === 'reboot');
  if (end !== undefined) return `the guest stopped (${end.title})`;
  if (seen.ending === 'late') return 'the time for all steps was over';
  if (seen.ending === 'flooded') return 'the guest printed more than it may';
  if (seen.ending === 'gone') return 'the guest ended by itself';
  return document.missing.join('; ') || 'its result is not there';
}

/** The runner's words for a program that hangs in the kernel. */
function isStuck(test: KtapTest): boolean {
  return test.reason?.endsWith('it cannot be killed') === true;
}

function judgeStep(step: GuestStep, test: KtapTest, log: string): Judged {
  if (test.outcome === 'error') return { outcome: 'error', reason: test.reason ?? 'no reason given' };
  return step.ktap ? judgeKtap(test) : judgePlain(test, log);
}

function judgePlain(test: KtapTest, log: string): Judged {
  if (test.outcome === 'pass') return { outcome: 'pass' };
  const noOdp = NO_ODP.exec(log)?.[0];
  if (noOdp !== undefined && test.reason === 'exit status 1') return { outcome: 'skip', reason: noOdp };
  const lastLine = log.trimEnd().split('\n').at(-1) ?? '';
  if (test.outcome === 'skip') return { outcome: 'skip', reason: lastLine || 'no reason given' };
  return { outcome: 'fail', reason: `${test.reason ?? 'no reason given'}${lastLine && `: ${lastLine}`}` };
}

function judgeKtap(test: KtapTest): Judged {
  const document = test.sub;
  const cases = document === undefined ? [] : flatten(document, '');
  const problems = document === undefined ? ['there is no KTAP output at all'] : problemsOf(document);
  if (document !== undefined && !document.done) problems.push('the output does not end with "# done"');
  const ended = test.outcome === 'fail' ? (test.reason ?? 'no reason given') : undefined;
  if (problems.length > 0) {
    // The runner is well and tells that the program died of a signal, ran out of its time or could not be loaded (ld.so exits with
    // 127): that is the program's doing. Else output was lost, and nobody knows by whom.
    const died = ended !== undefined && /^(?:timeout|exit status (?:127|1[3-9]\d|2\d\d))/.test(ended);
    const reason = [ended, ...problems].filter(Boolean).join('; ');
    return { outcome: died ? 'fail' : 'error', reason, cases };
  }
  const outcome = worst(cases);
  if (outcome === 'fail' || outcome === 'error') {
    const bad = cases.filter(c => c.outcome === outcome);
    return {
      outcome,
      cases,
      reason: `${String(bad.length)} of ${String(cases.length)}: ${bad.map(c => c.name).join(', ')}`,
    };
  }
  if (ended !== undefined)
    return { outcome: 'fail', cases, reason: `no case failed, but the program ended with ${ended}` };
  return outcome === 'skip' ? { outcome, cases, reason: cases[0]?.reason ?? 'nothing to run' } : { outcome, cases };
}

/** A fail is an answer; beside it an error of another case may stay unheard. Skip only where nothing ran. */
function worst(cases: readonly Case[]): Outcome {
  const has = (outcome: Outcome): boolean => cases.some(c => c.outcome === outcome);
  return has('fail') ? 'fail' : has('error') ? 'error' : has('pass') ? 'pass' : 'skip';
}

function problemsOf(document: KtapDocument): string[] {
  return [
    ...document.problems,
    ...document.missing,
    ...document.tests.flatMap(test => (test.sub ? problemsOf(test.sub) : [])),
  ];
}

function flatten(document: KtapDocument, prefix: string): Case[] {
  return document.tests.flatMap(test => {
    const name = `${prefix}${test.name}`;
    const own = { name, outcome: test.outcome, ...(test.reason === undefined ? {} : { reason: test.reason }) };
    if (test.sub === undefined) return [own];
    const inner = flatten(test.sub, `${name}/`);
    // A group that fails although no member does.
    return test.outcome === 'fail' && worst(inner) !== 'fail' ? [...inner, own] : inner;
  });
}

/** The lines before each top-level result, without the runner's prefixes. */
function splitLogs(ktap: string): string[][] {
  const logs: string[][] = [[]];
  for (const line of ktap.split('\n')) {
    if (/^(?:not )?ok \d/.test(line)) logs.push([]);
    else if (line.startsWith('# | ')) logs.at(-1)?.push(line.slice(4));
    else if (line.startsWith('    ')) logs.at(-1)?.push(line.slice(4));
  }
  return logs;
}

/** A case a kind, there on a healthy console too, so that base and patched can be compared. */
function consoleStep(findings: readonly ConsoleFinding[], seen: Evidence): Step {
  const cases = CONSOLE_KINDS.map((kind): Case => {
    const found = findings.filter(finding => finding.kind === kind);
    const [first] = found;
    if (first === undefined) return { name: kind, outcome: 'pass' };
    const more = found.length > 1 ? ` (and ${String(found.length - 1)} more)` : '';
    return { name: kind, outcome: 'fail', reason: `${first.title}${more}` };
  });
  const common = { name: 'console', seconds: 0, cases, log: sanitise(seen.console, LOG_TAIL) };
  const [first] = findings;
  if (first !== undefined) return { ...common, outcome: 'fail', reason: first.title, log: first.excerpt };
  if (seen.ending === 'done') return { ...common, outcome: 'pass' };
  const why = seen.ending === 'console-behind' ? 'its last lines never came' : 'the guest did not reach its end';
  return { ...common, outcome: 'error', reason: `the console is not complete: ${why}` };
}
