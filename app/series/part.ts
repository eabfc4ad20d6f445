// SPDX-License-Identifier: MIT
// Whether a mail is a part of a series, and which. Decides from the mail alone and the mails above it; pure.
import type { ParsedMail } from './parse.ts';
import type { Threads } from './thread.ts';

/** A patch or a cover letter (index 0) in its place. */
export interface Part {
  readonly parsed: ParsedMail;
  readonly index: number;
  /** As written; 1 where there is no counter. */
  readonly total: number;
  readonly numbered: boolean;
  readonly revision: number;
  readonly fault?: string;
}

/** Patch, cover letter, or undefined for a mail that only talks. */
export function readPart(parsed: ParsedMail, threads: Threads): Part | undefined {
  const { subject, proposal, mail } = parsed;
  const hasDiff = proposal.diff !== '';
  if (parsed.scissors && subject.index === undefined) return alone(parsed);
  if (subject.reply && !parsed.scissors) return undefined;
  const index = subject.index ?? 1;
  const total = subject.total ?? 1;
  const isCover = index === 0 && total > 0;
  if (!isCover && !hasDiff && !claimsToBePatch(parsed)) return undefined;
  if (!isCover && (index === 0 || mail.messageId === '')) return undefined;
  const fault = parsed.fault ?? (isCover ? undefined : (proposal.fault ?? (hasDiff ? undefined : 'has no diff')));
  return {
    parsed,
    index,
    total,
    numbered: subject.index !== undefined,
    revision: subject.revision ?? inheritedRevision(parsed, threads) ?? 1,
    ...(fault !== undefined && { fault }),
  };
}

function alone(parsed: ParsedMail): Part {
  const fault = parsed.fault ?? parsed.proposal.fault;
  const revision = parsed.subject.revision ?? 1;
  return { parsed, index: 1, total: 1, numbered: false, revision, ...(fault !== undefined && { fault }) };
}

/** Says [PATCH] and neither quotes nor only gives a trailer: its diff was lost on the way. */
function claimsToBePatch({ subject, mail }: ParsedMail): boolean {
  if (!subject.patch) return false;
  const answers = mail.inReplyTo !== undefined && /^>/m.test(mail.body);
  return !answers && !(mail.inReplyTo !== undefined && subject.index === undefined);
}

/** `[PATCH 1/3]` below `[PATCH v2 0/3]` or `[PATCH v2 1/3]` means v2. */
function inheritedRevision(parsed: ParsedMail, threads: Threads): number | undefined {
  const above = parsed.mail.inReplyTo === undefined ? undefined : threads.byId(parsed.mail.inReplyTo);
  if (!above || above.subject.reply || above.subject.total !== parsed.subject.total) return undefined;
  if (above.subject.index !== 0 && above.subject.index !== 1) return undefined;
  return above.subject.index === parsed.subject.index ? undefined : above.subject.revision;
}
