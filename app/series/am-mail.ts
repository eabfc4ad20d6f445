// SPDX-License-Identifier: MIT
// A patch as a mail that `git am` takes and gives back unchanged: the only form in which a patch is applied.
import { mailDate } from './date.ts';
import type { Proposal } from './parse.ts';

/** Lines that `git mailinfo` would take for a header at the head of a log. */
const LIKE_A_HEADER = /^(?:(?:From|Subject|Date):|\[PATCH\]|>From\s)/i;

export function toAmMail(patch: Proposal, prefix: string): Uint8Array {
  const fields = [
    `From: ${person(patch)}`,
    ...(patch.date === undefined ? [] : [`Date: ${mailDate(patch.date)}`]),
    `Subject: ${encodeWord(`[${prefix}] ${patch.subject}`)}`,
  ];
  const log = patch.log.replace(/^\n+/, '');
  // With all three in the body as well, nothing below them is taken for one.
  const inBody = LIKE_A_HEADER.test(log) ? `${fields.join('\n')}\n\n` : '';
  const end = log === '' || log.endsWith('\n') ? '' : '\n';
  const body = Buffer.concat([Buffer.from(`${inBody}${log}${end}---\n\n`, 'utf8'), patch.diffBytes]);
  const plain = isPlain(body);
  const head = [
    'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001',
    ...fields,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    `Content-Transfer-Encoding: ${plain ? '8bit' : 'base64'}`,
    '',
    '',
  ].join('\n');
  return Buffer.concat([Buffer.from(head, 'utf8'), plain ? body : base64(body)]);
}

/** Nothing that `git mailsplit` would change: no CR before a newline, no line that starts a mail. */
function isPlain(body: Buffer): boolean {
  return (
    !body.includes('\r\n') &&
    !body.includes('\nFrom ') &&
    !body.includes(0) &&
    body.subarray(0, 5).toString() !== 'From '
  );
}

function base64(body: Buffer): Buffer {
  const text = body.toString('base64');
  return Buffer.from(`${text.replace(/.{76}/g, '$&\n').trimEnd()}\n`, 'latin1');
}

function person({ author }: Proposal): string {
  if (author.name === '' || author.name === author.address) return `<${author.address}>`;
  const quoted = /^[\w .'-]+$/.test(author.name) ? author.name : `"${author.name.replace(/["\\]/g, '\\$&')}"`;
  return `${encodeWord(quoted)} <${author.address}>`;
}

/** RFC 2047 where the text is not ASCII, or would be taken for an encoded word. */
function encodeWord(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text;
  return `=?UTF-8?B?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
