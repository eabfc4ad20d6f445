// SPDX-License-Identifier: MIT
// One raw mail to all that it says: the mail, its log and its diff. Total on bytes: bad mails carry a fault.
import { createHash } from 'node:crypto';
import { decodeWords } from 'postal-mime';
import type { FileDiff, Mail, Person, RawMail } from '../model/index.ts';
import { bytesFrom, readContent, type Content } from './content.ts';
import { readDate } from './date.ts';
import { readDiff } from './diff.ts';
import { messageIds, readHeaders, type Headers } from './header.ts';
import { readLog, type LogRead } from './log.ts';
import { readPerson } from './person.ts';
import { cleanSubject, readSubject, type SubjectFacts } from './subject.ts';

/** The largest mail that is read; the lists refuse far smaller ones. */
export const MAX_MAIL_BYTES = 16 * 1024 * 1024;

/** What a mail would become as a commit. `diff` is empty where it has none. */
export interface Proposal {
  readonly subject: string;
  readonly author: Person;
  readonly date: string | undefined;
  readonly log: string;
  readonly diff: string;
  readonly diffBytes: Uint8Array;
  readonly files: readonly FileDiff[];
  readonly fault?: string;
}

export interface ParsedMail {
  readonly mail: Mail;
  readonly subject: SubjectFacts;
  readonly proposal: Proposal;
  /** From the text before format=flowed was undone, where that differs. */
  readonly rawProposal?: Proposal;
  /** Cut out of a longer mail by a scissors line. */
  readonly scissors: boolean;
  /** The commit named by the From_ line of `git format-patch`. */
  readonly commit?: string;
  readonly hasMessageId: boolean;
  readonly fault?: string;
}

const decodeField = (value: string | undefined): string =>
  decodeWords((value ?? '').slice(0, 65_536))
    .replace(/[ \t\r\n\0]+/g, ' ')
    .trim();

export async function readMail(raw: RawMail): Promise<ParsedMail> {
  const tooLarge = raw.bytes.length > MAX_MAIL_BYTES;
  const bytes = tooLarge ? raw.bytes.subarray(0, 65_536) : raw.bytes;
  const headers = readHeaders(bytes);
  const content: Content = tooLarge || headers.tooLarge ? { text: '' } : await readContent(headers, bytes);
  const subject = decodeField(headers.get('subject'));
  const found = proposals(headers, content);
  const ids = messageIds(headers.get('message-id'));
  const commit = /^From ([0-9a-f]{40}) /.exec(Buffer.from(bytes.subarray(0, 60)).toString('latin1'))?.[1];
  const inBody = found.proposal.diff === '' ? undefined : found.log.inBody.get('subject');
  const fault = tooLarge
    ? `is larger than ${MAX_MAIL_BYTES / 1024 / 1024} MiB`
    : headers.tooLarge
      ? 'has a header larger than 1 MiB'
      : content.fault;
  return {
    mail: {
      messageId: ids[0] ?? `${createHash('sha256').update(raw.bytes).digest('hex')}@no-message-id`,
      from: readPerson(decodeField(headers.get('from'))),
      date: readDate(headers.get('date')),
      subject,
      inReplyTo: messageIds(headers.get('in-reply-to'))[0],
      references: messageIds(headers.get('references')),
      body: content.text,
      ...(content.raw && { rawBody: content.raw.text }),
      origin: { source: raw.source, cursor: raw.cursor },
    },
    subject: readSubject(found.log.scissors && inBody !== undefined ? decodeField(inBody) : subject),
    proposal: found.proposal,
    ...(found.rawProposal && { rawProposal: found.rawProposal }),
    scissors: found.log.scissors && found.proposal.diff !== '',
    ...(commit !== undefined && { commit }),
    hasMessageId: ids.length > 0,
    ...(fault !== undefined && { fault }),
  };
}

/** The decoded text first; where format=flowed has damaged its diff and the text as sent is whole, that one. */
function proposals(headers: Headers, content: Content): { log: LogRead; proposal: Proposal; rawProposal?: Proposal } {
  const read = propose(headers, content);
  if (!content.raw) return read;
  const raw = propose(headers, content.raw);
  if (read.proposal.fault !== undefined && raw.proposal.fault === undefined) return raw;
  if (raw.proposal.diff === '' || raw.proposal.fault !== undefined) return read;
  return { ...read, rawProposal: raw.proposal };
}

function propose(
  headers: Headers,
  content: { text: string; bytes?: Uint8Array },
): { log: LogRead; proposal: Proposal } {
  const log = readLog(content.text);
  const rest = log.patchAt < 0 ? '' : content.text.slice(log.patchAt);
  const read = readDiff(rest);
  const diffAt = read.firstLine < 0 ? -1 : log.patchAt + offsetOfLine(rest, read.firstLine);
  // git takes the fields at the head of a body only where a patch follows.
  const inBody = diffAt < 0 ? undefined : log.inBody;
  const field = (name: string): string => decodeField(inBody?.get(name) ?? headers.get(name));
  return {
    log,
    proposal: {
      subject: cleanSubject(field('subject')),
      author: readPerson(field('from')),
      date: readDate(field('date')),
      log: log.log,
      diff: diffAt < 0 ? '' : content.text.slice(diffAt),
      diffBytes: diffAt < 0 ? new Uint8Array() : bytesFrom(content, diffAt),
      files: read.files,
      ...(read.fault !== undefined && { fault: read.fault }),
    },
  };
}

function offsetOfLine(text: string, line: number): number {
  let at = 0;
  while (line-- > 0) at = text.indexOf('\n', at) + 1;
  return at;
}
