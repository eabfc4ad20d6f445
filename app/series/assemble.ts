// SPDX-License-Identifier: MIT
// Parsed mails to series: revisions apart, replies with what they answer. Total and pure: what is wrong with a series is in it.
import { createHash } from 'node:crypto';
import { forLine } from '../model/harmless.ts';
import type { Mail, Patch, Series, SeriesState } from '../model/index.ts';
import { toAmMail } from './am-mail.ts';
import { readBase } from './base.ts';
import { mergeTrailers, nakedCover, readFollowUps, type FollowUps } from './follow-up.ts';
import { groupParts, type Group } from './group.ts';
import type { ParsedMail } from './parse.ts';
import { readPart, type Part } from './part.ts';
import { readThreads, withoutCopies, type Threads } from './thread.ts';
import { cleanSubject } from './subject.ts';
import { logTrailers } from './trailers.ts';

/** In the order of their first mail; none where no mail is a patch or a cover letter. */
export function assemble(parsed: readonly ParsedMail[]): Series[] {
  const mails = withoutCopies(parsed);
  const threads = readThreads(mails);
  const parts = mails.map(one => readPart(one, threads)).filter(part => part !== undefined);
  const groups = groupParts(parts, threads);
  const home = new Map(groups.flatMap(group => group.parts.map(part => [part.parsed, group] as const)));
  for (const group of groups) fillFromOlder(group, home, threads);
  const isPart = new Set(parts.map(part => part.parsed));
  const talk = mails.filter(one => !isPart.has(one));
  const followUps = readFollowUps(talk, groups, threads);
  const talked = new Set(talk);
  return groups.map(group => toSeries(group, { followUps, naked: () => nakedCover(group, talked, threads) }));
}

/**
 * A revision of which only some patches were sent, each in answer to the same patch of the revision before, takes the
 * others from there (b4's partial reroll).
 */
function fillFromOlder(group: Group, home: ReadonlyMap<ParsedMail, Group>, threads: Threads): void {
  const patches = group.parts.filter(part => part.index > 0);
  if (group.revision <= 1 || patches.length === 0 || patches.length >= group.total) return;
  const answered = patches.map(part => {
    const above = threads.ancestors(part.parsed).map(parsed => home.get(parsed));
    return new Set(above.filter(one => one?.parts.some(other => other.index === part.index)));
  });
  const [older] = [...answered[0]!]
    .filter(one => one !== undefined && one.revision < group.revision && one.total === group.total)
    .filter(one => answered.every(groups => groups.has(one)))
    .sort((a, b) => b!.revision - a!.revision);
  if (!older) return;
  const here = new Set(group.parts.map(part => part.index));
  const taken = older.parts.filter(part => !here.has(part.index));
  group.own = group.parts;
  group.parts = [...group.parts, ...taken].sort((a, b) => a.index - b.index);
}

interface Around {
  followUps: FollowUps;
  naked: () => Series['cover'];
}

function toSeries(group: Group, { followUps, naked }: Around): Series {
  const parts = group.parts.filter(part => part.index > 0);
  const numberedCover = group.parts.find(part => part.index === 0)?.parsed;
  const cover = numberedCover?.mail ?? naked();
  const { state, problem } = judge(group, parts);
  const footers = [...(numberedCover ? [numberedCover] : []), ...parts.slice(0, 1).map(part => part.parsed)];
  return {
    id: seriesId(group, cover),
    revision: group.revision,
    title: cover ? cleanSubject(cover.subject) : parts[0]!.parsed.proposal.subject,
    prefixes: group.parts[0]!.parsed.subject.prefixes,
    ...(cover && { cover }),
    patches: parts.map(part => toPatch(part, group, followUps)),
    replies: followUps.repliesTo(group),
    base: readBase(
      footers,
      group.parts.map(part => part.parsed),
    ),
    state,
    ...(problem !== undefined && { problem }),
  };
}

function toPatch({ parsed, index }: Part, group: Group, followUps: FollowUps): Patch {
  const { proposal, rawProposal } = parsed;
  const prefix = group.total > 1 ? `PATCH ${index}/${group.total}` : 'PATCH';
  return {
    index,
    total: group.total,
    messageId: parsed.mail.messageId,
    subject: proposal.subject,
    author: proposal.author,
    date: proposal.date,
    log: proposal.log,
    trailers: mergeTrailers(logTrailers(proposal.log), followUps.trailersFor(parsed, group)),
    files: proposal.files,
    diff: proposal.diff,
    mbox: toAmMail(proposal, prefix),
    ...(rawProposal && { rawMbox: toAmMail(rawProposal, prefix) }),
    mail: parsed.mail,
  };
}

/** What is wrong, worst first: damage, two mails for one place, parts that have not come. */
function judge(group: Group, parts: readonly Part[]): { state: SeriesState; problem?: string } {
  const nameOf = (index: number): string => (group.total > 1 ? `patch ${index}/${group.total}` : 'the patch');
  const bad = group.parts.find(part => part.fault !== undefined);
  if (bad) {
    const name = bad.index === 0 ? 'the cover letter' : nameOf(bad.index);
    return { state: 'corrupted', problem: `${name} ${forLine(bad.fault!)}` };
  }
  if (group.conflict !== undefined) {
    return { state: 'corrupted', problem: `two different mails say that they are ${nameOf(group.conflict)}` };
  }
  const nameless = parts.find(
    part => part.parsed.proposal.author.address === '' || part.parsed.proposal.subject === '',
  );
  if (nameless) {
    const what = nameless.parsed.proposal.subject === '' ? 'subject' : 'author';
    return { state: 'corrupted', problem: `${nameOf(nameless.index)} has no ${what}` };
  }
  const here = new Set(parts.map(part => part.index));
  const missing: number[] = [];
  for (let index = 1; index <= group.total; index++) if (!here.has(index)) missing.push(index);
  if (missing.length === 0) return { state: 'complete' };
  const names = missing.slice(0, 5).map(index => `${index}/${group.total}`);
  if (missing.length > names.length) names.push(`${missing.length - names.length} more`);
  const last = names.pop()!;
  const list = names.length > 0 ? `patches ${names.join(', ')} and ${last} are` : `patch ${last} is`;
  return { state: 'waiting', problem: `${list} missing` };
}

/**
 * The cover letter's or the first patch's own Message-ID. Mails without any come from `git format-patch`: then the commits
 * are the series.
 */
function seriesId(group: Group, cover: Mail | undefined): string {
  const [first] = group.own ?? group.parts;
  const commits = group.parts.map(part => part.parsed.commit);
  if (!first!.parsed.hasMessageId && !commits.includes(undefined)) {
    return `${createHash('sha256').update(commits.join('\n')).digest('hex').slice(0, 40)}@commits`;
  }
  return (group.own ? undefined : cover?.messageId) ?? first!.parsed.mail.messageId;
}
