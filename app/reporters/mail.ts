// SPDX-License-Identifier: MIT
// `--format mail`: a reply to the series' cover letter (or first patch) that a person may look at and send. It names no recipient but the author.
import { createHash } from 'node:crypto';
import type { Person, Report } from '../model/index.ts';
import { forLine } from '../model/harmless.ts';
import { renderText } from './text.ts';

export function renderMail(report: Report): string {
  const { series } = report;
  const parent = series.cover ?? series.patches[0]?.mail;
  const author = parent?.from ?? series.patches[0]?.author;
  const references = [...(parent?.references ?? []), ...(parent ? [parent.messageId] : [])].map(
    id => `<${headerText(id)}>`,
  );
  const headers = [
    'From: Abide <abide@localhost>',
    ...(author?.address ? [`To: ${address(author)}`] : []),
    `Subject: ${encoded(`Re: ${parent?.subject ?? series.title}`)}`,
    `Message-ID: <${messageId(report)}>`,
    ...(parent ? [`In-Reply-To: <${headerText(parent.messageId)}>`, `References: ${references.join('\n ')}`] : []),
    // RFC 3834: nobody's vacation notice answers it, and no other bot does.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${headers.join('\n')}\n\n${renderText(report, { color: false })}\n-- \nAbide reviews patch series for rdma-core.\n`;
}

/** The same report twice is the same mail, so that a second delivery is seen for what it is. */
function messageId(report: Report): string {
  const about = JSON.stringify([
    report.series.id,
    report.series.revision,
    report.base.commit,
    report.verdict,
    report.findings.map(f => f.fingerprint),
  ]);
  return `abide-${createHash('sha256').update(about).digest('hex').slice(0, 24)}@localhost`;
}

const headerText = (text: string): string => forLine(text).replace(/[<>\s]/g, '');
const address = (person: Person): string =>
  `${person.name ? `${encoded(person.name)} ` : ''}<${headerText(person.address)}>`;

/** RFC 2047, in words short enough for a header line of 76 columns; plain ASCII stays readable, quoted where it needs to be. */
function encoded(text: string): string {
  const clean = forLine(text);
  if (/^[\w !#$%&'*+/=?^`{|}~:[\]().,-]*$/.test(clean))
    return /[.,:[\]()]/.test(clean) && !clean.startsWith('Re:') ? JSON.stringify(clean) : clean;
  const words: string[] = [];
  let word = '';
  for (const char of clean) {
    if (Buffer.byteLength(word + char) > 39) {
      words.push(word);
      word = '';
    }
    word += char;
  }
  return [...words, word].map(part => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\n ');
}
