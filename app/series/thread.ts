// SPDX-License-Identifier: MIT
// Mails to threads, by Message-ID, In-Reply-To and References, whether or not what they name is there. Pure.
import type { ParsedMail } from './parse.ts';

export interface Threads {
  /** The same key for all mails of one thread. */
  rootOf(mail: ParsedMail): string;
  byId(id: string): ParsedMail | undefined;
  /** The mails above this one that are there, nearest first; the nearest MAX_ABOVE or so, where somebody made a chain. */
  ancestors(mail: ParsedMail): ParsedMail[];
}

/** No discussion is so deep; without an end, a chain of n mails would cost n². */
const MAX_ABOVE = 500;

/** Each Message-ID once: a list and its copies send the same mail several times. */
export function withoutCopies(mails: readonly ParsedMail[]): ParsedMail[] {
  const seen = new Map<string, ParsedMail>();
  for (const parsed of mails) if (!seen.has(parsed.mail.messageId)) seen.set(parsed.mail.messageId, parsed);
  return [...seen.values()];
}

/** Nearest first. */
function parentIds({ mail }: ParsedMail): string[] {
  const above = [...mail.references].reverse();
  return mail.inReplyTo === undefined ? above : [mail.inReplyTo, ...above.filter(id => id !== mail.inReplyTo)];
}

export function readThreads(mails: readonly ParsedMail[]): Threads {
  const byId = new Map(mails.map(parsed => [parsed.mail.messageId, parsed]));
  const up = new Map<string, string>();
  const find = (id: string): string => {
    let root = id;
    for (let next = up.get(root); next !== undefined && next !== root; next = up.get(root)) root = next;
    for (let at = id; at !== root;) {
      const next = up.get(at) ?? root;
      up.set(at, root);
      at = next;
    }
    return root;
  };
  for (const parsed of mails) {
    for (const id of parentIds(parsed)) {
      const [mine, theirs] = [find(parsed.mail.messageId), find(id)];
      if (mine !== theirs) up.set(mine, theirs);
    }
  }
  const known = new Map<ParsedMail, ParsedMail[]>();
  const ancestors = (mail: ParsedMail): ParsedMail[] => {
    const before = known.get(mail);
    if (before) return before;
    const found = new Set<ParsedMail>([mail]);
    let level = [mail];
    while (level.length > 0 && found.size < MAX_ABOVE) {
      const parents = level.flatMap(one => parentIds(one).map(id => byId.get(id)));
      level = parents.filter(
        (one): one is ParsedMail => one !== undefined && !found.has(one) && Boolean(found.add(one)),
      );
    }
    found.delete(mail);
    known.set(mail, [...found]);
    return [...found];
  };
  return { rootOf: parsed => find(parsed.mail.messageId), byId: id => byId.get(id), ancestors };
}
