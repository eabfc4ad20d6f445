// SPDX-License-Identifier: MIT
// What replies add to a series: trailers given in them, and the replies themselves. Pure.
import type { Mail, Reply, Trailer } from '../model/index.ts';
import type { Group } from './group.ts';
import type { ParsedMail } from './parse.ts';
import { readReply } from './reply.ts';
import type { Threads } from './thread.ts';
import { isOwnTrailer } from './trailers.ts';

export interface FollowUps {
  repliesTo(group: Group): Reply[];
  /** Given in answer to this patch, or to the cover letter of its series. */
  trailersFor(patch: ParsedMail, group: Group): Trailer[];
}

/** `talk`: the mails that are no part of any series. */
export function readFollowUps(talk: readonly ParsedMail[], groups: readonly Group[], threads: Threads): FollowUps {
  const home = new Map(groups.flatMap(group => (group.own ?? group.parts).map(part => [part.parsed, group] as const)));
  // A reply to a mail that is not there still belongs to its thread.
  const newest = new Map([...home].map(([parsed, group]) => [threads.rootOf(parsed), group] as const));
  const replies = new Map<Group, Reply[]>();
  const given = new Map<ParsedMail, Trailer[]>();
  for (const parsed of talk) {
    const part = threads.ancestors(parsed).find(above => home.has(above));
    const group = part ? home.get(part) : newest.get(threads.rootOf(parsed));
    if (!group) continue;
    const reply = readReply(parsed.mail);
    replies.set(group, [...(replies.get(group) ?? []), reply]);
    if (!part) continue;
    const own = reply.trailers.filter(trailer => isOwnTrailer(trailer, parsed.mail.from));
    given.set(part, [...(given.get(part) ?? []), ...own]);
  }
  const shapes = new Map<string, ParsedMail[]>();
  for (const { parts } of groups) {
    for (const { parsed } of parts) {
      const key = shape(parsed);
      if (key) shapes.set(key, [...(shapes.get(key) ?? []), parsed]);
    }
  }
  return {
    repliesTo: group => replies.get(group) ?? [],
    trailersFor: (patch, group) => {
      const cover = group.parts.find(part => part.index === 0)?.parsed;
      // A patch that did not change keeps what it was given in another revision, as b4 has it.
      const same = (shapes.get(shape(patch)) ?? []).filter(other => other !== patch);
      return [patch, ...(cover ? [cover] : []), ...same].flatMap(one => given.get(one) ?? []);
    },
  };
}

/** What `git patch-id` looks at: names and changed text without white space, no line numbers. */
function shape({ proposal }: ParsedMail): string {
  if (proposal.files.length === 0 || proposal.files.some(file => file.binary)) return '';
  return JSON.stringify(
    proposal.files.map(file => [
      file.path,
      file.hunks.map(hunk => hunk.lines.map(line => line.kind[0] + line.text.replace(/\s+/g, ''))),
    ]),
  );
}

/** Those of the log first, each once. */
export function mergeTrailers(log: readonly Trailer[], given: readonly Trailer[]): Trailer[] {
  const key = (trailer: Trailer): string => `${trailer.key.toLowerCase()}: ${trailer.value.toLowerCase()}`;
  const seen = new Set(log.map(key));
  return [...log, ...given.filter(trailer => !seen.has(key(trailer)) && seen.add(key(trailer)))];
}

/** A cover letter without a number: the first mail of the thread, of the same sender, which the first patch answers. */
export function nakedCover(group: Group, talk: ReadonlySet<ParsedMail>, threads: Threads): Mail | undefined {
  const first = group.parts[0]?.parsed;
  const above = first?.mail.inReplyTo === undefined ? undefined : threads.byId(first.mail.inReplyTo);
  if (!first || !above || !talk.has(above) || above.subject.reply) return undefined;
  const isRoot = above.mail.inReplyTo === undefined && above.mail.from.address === first.mail.from.address;
  const hasDiffstat = /^[ \t]*\d+ files? changed, \d+ (?:insertion|deletion)/m.test(above.mail.body);
  return isRoot || hasDiffstat ? above.mail : undefined;
}
