// SPDX-License-Identifier: MIT
// Two states of one thing, compared as facts: what an application compiled against the first meets in the second. Pure.
import type { Func, Member, Struct } from './facts.ts';
import { sameType, scalarBytes } from './types.ts';
import type { Unit } from './unit.ts';

/** Names that say a slot is kept for its place alone: 501b53b30, 76743d7a4, 359f49743, a9e270ca1. */
export const PLACEHOLDER = /^_*(ABI_placeholder|compat_|dummy|reserved)/i;

/** How the members of a struct went from one state to the next. Members keep the order of the side they come from. */
export interface StructChange {
  /** In both, same name, same place among the others; the type may differ. */
  readonly kept: readonly (readonly [Member, Member])[];
  /** Another name in the very place of an old one. */
  readonly replaced: readonly (readonly [Member, Member])[];
  /** In both, but no longer in the same order. */
  readonly moved: readonly (readonly [Member, Member])[];
  readonly removed: readonly Member[];
  /** New and above every old member. */
  readonly above: readonly Member[];
  /** New, with old members above and below. */
  readonly between: readonly Member[];
  /** New and below every old member. */
  readonly below: readonly Member[];
}

/** `grows`: the end at which new members are expected; a replaced member is looked for at the other end of a gap. */
export function compareStructs(pre: Struct, post: Struct, grows: 'up' | 'down'): StructChange {
  const name = (member: Member, at: number): string => (member.name === '' ? `#${at}` : member.name);
  const before = pre.members.map(name);
  const after = post.members.map(name);
  const common = longestCommon(before, after);
  const stays = new Set(common.map(([, to]) => to));
  const gone = new Set(before.map((_, at) => at).filter(at => !common.some(([from]) => from === at)));
  const moved: [Member, Member][] = [];
  for (const from of [...gone]) {
    const to = after.indexOf(before[from] ?? '');
    if (to === -1) continue;
    gone.delete(from);
    stays.add(to);
    moved.push([pre.members[from] as Member, post.members[to] as Member]);
  }
  const replaced: [Member, Member][] = [];
  const fresh = new Set(after.map((_, at) => at).filter(at => !stays.has(at)));
  // Gaps between neighbours that stayed: what left a gap and what came into it stand in for each other.
  const anchors = [[-1, -1] as const, ...common, [before.length, after.length] as const];
  for (let at = 1; at < anchors.length; at++) {
    const [fromLow = 0, toLow = 0] = anchors[at - 1] ?? [];
    const [fromHigh = 0, toHigh = 0] = anchors[at] ?? [];
    const left = [...gone].filter(each => each > fromLow && each < fromHigh);
    const came = [...fresh].filter(each => each > toLow && each < toHigh);
    const pairs = Math.min(left.length, came.length);
    if (pairs === 0) continue;
    const lefts = grows === 'up' ? left.slice(-pairs) : left.slice(0, pairs);
    const comes = grows === 'up' ? came.slice(-pairs) : came.slice(0, pairs);
    lefts.forEach((from, index) => {
      const to = comes[index] as number;
      gone.delete(from);
      fresh.delete(to);
      stays.add(to);
      replaced.push([pre.members[from] as Member, post.members[to] as Member]);
    });
  }
  const first = Math.min(...stays, after.length);
  const last = Math.max(...stays, -1);
  const pick = (test: (at: number) => boolean): Member[] =>
    [...fresh].filter(test).map(at => post.members[at] as Member);
  return {
    kept: common.map(([from, to]) => [pre.members[from] as Member, post.members[to] as Member]),
    replaced,
    moved,
    removed: [...gone].map(at => pre.members[at] as Member),
    above: pick(at => at < first),
    between: pick(at => at > first && at < last),
    below: pick(at => at > last),
  };
}

/** Index pairs of a longest common subsequence. Ends are trimmed first: most edits touch a few members. */
function longestCommon(a: readonly string[], b: readonly string[]): [number, number][] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const rows = a.length - head - tail;
  const columns = b.length - head - tail;
  const pairs: [number, number][] = Array.from({ length: head }, (_, at) => [at, at]);
  // Nobody writes a struct of thousands of members, and an attack on memory gets "everything differs".
  if (rows * columns > 0 && rows * columns < 4_000_000) {
    const width = columns + 1;
    const length = new Uint32Array((rows + 1) * width);
    const cell = (i: number, j: number): number => length[i * width + j] ?? 0;
    for (let i = rows - 1; i >= 0; i--)
      for (let j = columns - 1; j >= 0; j--)
        length[i * width + j] =
          a[head + i] === b[head + j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    for (let i = 0, j = 0; i < rows && j < columns;) {
      if (a[head + i] === b[head + j]) pairs.push([head + i++, head + j++]);
      else if (cell(i + 1, j) >= cell(i, j + 1)) i++;
      else j++;
    }
  }
  for (let at = tail; at > 0; at--) pairs.push([a.length - at, b.length - at]);
  return pairs;
}

/** An anonymous union around the old member, none of its arms wider: nothing moves, and the old name still works. */
export function wrapsInUnion(old: Member, now: Member): boolean {
  if (now.type.tokens[0] !== 'union' || now.name !== '' || now.members === undefined) return false;
  const bytes = scalarBytes(old.type);
  return (
    now.members.some(arm => arm.name === old.name && sameType(arm.type, old.type)) &&
    now.members.every(arm => bytes !== undefined && (scalarBytes(arm.type) ?? Infinity) <= bytes)
  );
}

/** Names of one struct before and after a rename: the first is gone, the second is new, and their members are the same,
 *  but for those that became placeholders. */
export function renamedStructs(pre: Unit, post: Unit): (a: string, b: string) => boolean {
  return (a, b) => {
    const old = pre.struct(a);
    const now = post.struct(b);
    if (old === undefined || now === undefined || post.struct(a) !== undefined || pre.struct(b) !== undefined)
      return false;
    return (
      old.members.length === now.members.length &&
      old.members.every((member, at) => {
        const other = now.members[at];
        return (
          other !== undefined &&
          (other.name === member.name || PLACEHOLDER.test(other.name)) &&
          sameType(member.type, other.type, (x, y) => x === a && y === b)
        );
      })
    );
  };
}

/** Functions of `post` whose text is not in `pre`, each with what `pre` calls by that name. */
export function freshFunctions(pre: Unit, post: Unit): { now: Func; before: Func | undefined }[] {
  return post.pieces
    .filter(piece => piece.kind === 'code' && piece.text.includes('(') && !pre.holds(piece))
    .flatMap(piece => post.facts(piece).functions)
    .map(now => ({ now, before: pre.func(now.name) }));
}

/** Functions of `pre` that are no longer there under that name in any form. */
export function goneFunctions(pre: Unit, post: Unit): Func[] {
  return pre.pieces
    .filter(piece => piece.kind === 'code' && piece.text.includes('(') && !post.holds(piece))
    .flatMap(piece => pre.facts(piece).functions)
    .filter(before => post.func(before.name) === undefined);
}
