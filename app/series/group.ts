// SPDX-License-Identifier: MIT
// Parts to the series they belong to: by thread, revision and count, then by what they answer. Pure; drops exact doubles.
import type { ParsedMail } from './parse.ts';
import type { Part } from './part.ts';
import type { Threads } from './thread.ts';

export interface Group {
  /** At most one part an index, but where two different mails claim it: then `conflict` says which index. */
  parts: Part[];
  /** Those sent with this revision, where others are taken from an older one. */
  own?: Part[];
  revision: number;
  total: number;
  conflict?: number;
}

/** Groups in the order of their first mail. */
export function groupParts(parts: readonly Part[], threads: Threads): Group[] {
  const tied = new Set<ParsedMail>();
  for (const { parsed } of parts) for (const above of threads.ancestors(parsed)) tied.add(above).add(parsed);
  const isLoose = ({ parsed }: Part): boolean =>
    !tied.has(parsed) && parsed.mail.inReplyTo === undefined && parsed.mail.references.length === 0;
  const keyOf = (part: Part): string => {
    if (!part.numbered) return `one ${part.parsed.mail.messageId}`;
    const { prefixes, resend } = part.parsed.subject;
    const place = isLoose(part) ? `loose ${prefixes.join(' ')}` : threads.rootOf(part.parsed);
    return JSON.stringify([place, part.revision, part.total, resend]);
  };
  const buckets = [...Map.groupBy(parts, keyOf).values()];
  const groups = buckets.flatMap(bucket =>
    isLoose(bucket[0]!) && bucket[0]!.numbered ? inSequence(bucket) : byHead(bucket, threads),
  );
  return numberRepeats(joinLoose(groups.map(toGroup), isLoose), threads);
}

const isSame = (one: Part, two: Part): boolean =>
  one.parsed.proposal.subject === two.parsed.proposal.subject &&
  one.parsed.proposal.log === two.parsed.proposal.log &&
  one.parsed.proposal.diff === two.parsed.proposal.diff;

function toGroup(parts: readonly Part[]): Group {
  const kept = new Map<number, Part>();
  let conflict: number | undefined;
  for (const part of parts) {
    const other = kept.get(part.index);
    if (other && part.index > 0 && !isSame(other, part)) conflict ??= part.index;
    if (!other) kept.set(part.index, part);
  }
  const total = parts.reduce((most, part) => Math.max(most, part.index, part.total), 1);
  return {
    parts: inOrder([...kept.values()]),
    revision: parts[0]!.revision,
    total,
    ...(conflict !== undefined && { conflict }),
  };
}

const inOrder = (parts: Part[]): Part[] => parts.sort((a, b) => a.index - b.index);

/** Parts without any thread (`git format-patch` without --thread): a new series starts where a number comes again. */
function inSequence(bucket: readonly Part[]): Part[][] {
  const runs: Part[][] = [];
  const last = new Map<number, { part: Part; run: number }>();
  for (const part of bucket) {
    const before = last.get(part.index);
    const run = !before ? 0 : isSame(before.part, part) ? before.run : before.run + 1;
    last.set(part.index, { part, run });
    (runs[run] ??= []).push(part);
  }
  return runs;
}

/** Where numbers clash inside a thread, each part goes with the cover letter or first patch that it answers. */
function byHead(bucket: readonly Part[], threads: Threads): Part[][] {
  if (toGroup(bucket).conflict === undefined && bucket.filter(part => part.index === 0).length < 2)
    return [[...bucket]];
  const heads = new Map(bucket.filter(part => part.index <= 1).map(part => [part.parsed, part]));
  const covers = new Set(bucket.filter(part => part.index === 0).map(part => part.parsed));
  const headOf = ({ parsed, index }: Part): string => {
    const above = threads.ancestors(parsed);
    const head = index === 0 ? parsed : (above.find(one => covers.has(one)) ?? above.find(one => heads.has(one)));
    return (head ?? (index === 1 ? parsed : undefined))?.mail.messageId ?? '';
  };
  return [...Map.groupBy(bucket, headOf).values()];
}

/** A part whose thread was lost completes the series that lacks just it. */
function joinLoose(groups: readonly Group[], isLoose: (part: Part) => boolean): Group[] {
  const key = (group: Group): string => `${group.revision} ${group.total}`;
  const isAllLoose = (group: Group): boolean => group.parts.every(part => part.numbered && isLoose(part));
  const open = Map.groupBy(
    groups.filter(group => group.parts.every(part => part.numbered) && !isAllLoose(group) && lacksParts(group)),
    key,
  );
  return groups.filter(loose => {
    const homes = isAllLoose(loose) ? (open.get(key(loose)) ?? []).slice(0, 100) : [];
    const here = new Set(loose.parts.map(part => part.index));
    const home = homes.find(group => group.parts.every(part => !here.has(part.index)));
    if (home) home.parts = inOrder([...home.parts, ...loose.parts]);
    return !home;
  });
}

const lacksParts = (group: Group): boolean => group.parts.filter(part => part.index > 0).length < group.total;

/** The same unnumbered patch again in its thread, with no revision given, is the next revision. */
function numberRepeats(groups: Group[], threads: Threads): Group[] {
  const seen = new Map<string, number>();
  for (const group of groups) {
    const [part] = group.parts;
    if (!part || part.numbered || part.parsed.subject.revision !== undefined || part.parsed.scissors) continue;
    const key = `${threads.rootOf(part.parsed)} ${part.parsed.mail.from.address} ${part.parsed.subject.clean}`;
    const revision = (seen.get(key) ?? 0) + 1;
    seen.set(key, revision);
    if (!part.parsed.subject.resend) group.revision = Math.max(group.revision, revision);
  }
  return groups;
}
