// SPDX-License-Identifier: MIT
// What a wrapper calls through an object, before and after a series: whether compiled programs still meet it there. Pure.
import { compareStructs, PLACEHOLDER, type Func, type Unit } from '../abi/index.ts';
import type { View } from './rule.ts';

interface Replaced {
  readonly from: string;
  readonly to: string;
}

/** What is no longer said and what stands in for it. An error that is only gone, or only new, breaks no test for the old one. */
export function replaced(before: readonly string[], now: readonly string[]): Replaced | undefined {
  const from = before.filter(each => !now.includes(each));
  const to = now.filter(each => !before.includes(each));
  return from.length === 0 || to.length === 0 ? undefined : { from: from.join(', '), to: to.join(', ') };
}

/** The function pointers of objects that a function calls, sorted: `vctx->query`, `qp->context->ops.post_send`. */
function slots(func: Func): string[] {
  const called = func.body?.calls.flatMap(({ callee }) => /(?:->|\.)(\w+)$/.exec(callee)?.[1] ?? []) ?? [];
  return [...new Set(called)].sort();
}

/** Slots that a wrapper no longer calls and those it calls instead. One that stands in the place of the other is the same slot under another name. */
export function redirected(
  func: { before: Func; now: Func },
  units: { pre: Unit; post: Unit },
  view: View,
): Replaced | undefined {
  const said = replaced(slots(func.before), slots(func.now));
  if (said === undefined) return undefined;
  let [from, to] = [said.from.split(', '), said.to.split(', ')];
  for (const struct of from.flatMap(slot => units.pre.structs(slot))) {
    const after = units.post.struct(struct.name);
    if (struct.name === '' || after === undefined) continue;
    for (const [old, now] of compareStructs(struct, after, 'up').replaced) {
      if (!from.includes(old.name)) continue;
      if (!to.includes(now.name) && !(PLACEHOLDER.test(now.name) && sets(view, now.name))) continue;
      from = from.filter(each => each !== old.name);
      to = to.filter(each => each !== now.name);
    }
  }
  return from.length === 0 || to.length === 0 ? undefined : { from: from.join(', '), to: to.join(', ') };
}

/** Whether the series fills a slot, as the library does for wrappers of old. */
function sets({ series }: View, slot: string): boolean {
  const assigned = new RegExp(`\\b${slot}\\s*=(?!=)`);
  const lines = series.patches.flatMap(patch => patch.files.flatMap(file => file.hunks.flatMap(hunk => hunk.lines)));
  return lines.some(line => line.kind === 'add' && assigned.test(line.text));
}
