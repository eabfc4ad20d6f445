// SPDX-License-Identifier: MIT
// Reads a kernel's console and says what went wrong in the kernel. Pure. It may not judge whose fault that is: base is compared with
// patched elsewhere.
import { sanitise } from './sanitise.ts';

/** In the order in which a line is tried, special before general. */
export const CONSOLE_KINDS = [
  'panic',
  'soft-lockup',
  'lockdep',
  'rcu-stall',
  'hung-task',
  'oom-kill',
  'oops',
  'bug',
  'warning',
  'reboot',
] as const;
export type ConsoleKind = (typeof CONSOLE_KINDS)[number];

export interface ConsoleFinding {
  readonly kind: ConsoleKind;
  /** The line that tells, without its time stamp. */
  readonly title: string;
  /** 1-based line of the console. */
  readonly line: number;
  /** That line and what follows it, made harmless for a terminal. */
  readonly excerpt: string;
}

const SIGNS: Record<ConsoleKind, RegExp> = {
  panic: /^Kernel panic - not syncing/,
  'soft-lockup':
    /^watchdog: (?:BUG: soft lockup|CPU\d+: Watchdog detected hard LOCKUP)|^NMI watchdog: .*LOCKUP|^BUG: workqueue lockup/,
  lockdep:
    /^WARNING: (?:possible (?:circular|recursive|irq lock inversion|unsafe)|inconsistent lock state|bad unlock balance|suspicious RCU usage|lock held when returning|bad contention|Nested lock|.*-safe -> .*-unsafe lock order|held lock freed|HARDIRQ|SOFTIRQ)|^BUG: (?:Invalid wait context|MAX_LOCK)|^INFO: trying to register non-static key|^\[ BUG: Invalid wait context \]/,
  'rcu-stall': /^rcu: INFO: .*(?:stall|detected expedited)|^rcu: .* kthread (?:starved|timer wakeup)/,
  'hung-task': /^INFO: task .* blocked .*for more than \d+ seconds/,
  'oom-kill':
    /^(?:Memory cgroup out of memory|Out of memory): Killed|^Out of memory and no killable|invoked oom-killer:/,
  oops: /^BUG: kernel NULL pointer|^BUG: unable to handle|^BUG: Bad rss|^Oops\b|^general protection fault|^(?:invalid opcode|divide error|stack segment|double fault|int3): |^traps: PANIC|^Unable to handle kernel/,
  bug: /^kernel BUG at |^(?:\w+: )?BUG: |^BUG \S+ .*: |^(?:UBSAN|KASAN|KFENCE): |^INFO: (?:Object|Slab) 0x/,
  warning: /^WARNING: |^(?:list_add|list_del) corruption|^refcount_t: |^unchecked MSR access/,
  reboot: /^Linux version \d|^reboot: (?:Restarting|machine restart|Power down|System halted)/,
};

// `[    1.234567] ` with an optional thread or CPU, and whatever a program left on the line before it. What has no time stamp was
// printed by a program and not by the kernel.
const STAMP = /\[ *\d{1,9}\.\d{6}\](?:\[ *[TC]\d+\])? (.*)$/;
/** What ends a report: the same kind of line inside it belongs to it. */
const REPORT_ENDS = /^---\[ end (?:trace|Kernel panic)/;
const REPORT_LINES = 200;
const EXCERPT_LINES = 40;
const MAX_FINDINGS = 50;

/** Findings in the order of the console; none for a healthy kernel. */
export function readConsole(text: string): ConsoleFinding[] {
  const lines = text.split(/\r*\n/);
  const findings: ConsoleFinding[] = [];
  const reports = new Map<ConsoleKind, number>();
  for (const [index, line] of lines.entries()) {
    const message = STAMP.exec(line.slice(0, 2000))?.[1]?.trim();
    if (message === undefined) continue;
    if (REPORT_ENDS.test(message)) reports.clear();
    const kind = CONSOLE_KINDS.find(name => SIGNS[name].test(message));
    if (kind === undefined) continue;
    const began = reports.get(family(kind));
    reports.set(family(kind), began ?? index);
    if (began !== undefined && index - began < REPORT_LINES) continue;
    reports.set(family(kind), index);
    findings.push({ kind, title: sanitise(message, 500), line: index + 1, excerpt: excerpt(lines, index) });
    if (findings.length >= MAX_FINDINGS) break;
  }
  return findings;
}

/** An oops names itself twice or more, first as a BUG: or a fault, then as `Oops:`. */
function family(kind: ConsoleKind): ConsoleKind {
  return kind === 'bug' ? 'oops' : kind;
}

function excerpt(lines: readonly string[], from: number): string {
  return sanitise(lines.slice(from, from + EXCERPT_LINES).join('\n'), 8000);
}
