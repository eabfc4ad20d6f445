// SPDX-License-Identifier: MIT
// What mails say of the tree they were made for: the footers of `git format-patch --base` and of b4. Pure.
import type { BaseHint } from '../model/series.ts';
import type { ParsedMail } from './parse.ts';

/** Footers are looked for in the cover letter and the first patch, as b4 does; dates in all mails of the series. */
export function readBase(head: readonly ParsedMail[], all: readonly ParsedMail[]): BaseHint {
  const bodies = head.map(({ mail }) => mail.body);
  const first = (pattern: RegExp): string | undefined => bodies.map(body => pattern.exec(body)?.[1]).find(Boolean);
  const baseCommit = first(/^base-commit: [^\n]{0,100}?\b([0-9a-f]{7,64})\b/im);
  const changeId = first(/^change-id:[ \t]+(\S{1,200})/im);
  const ids = bodies.flatMap(body => [...body.matchAll(/^prerequisite-patch-id:[ \t]+([0-9a-f]{7,64})/gim)]);
  const dates = all.map(({ mail }) => mail.date).filter(date => date !== undefined);
  const date = dates.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  return {
    ...(baseCommit !== undefined && { baseCommit }),
    ...(changeId !== undefined && { changeId }),
    prerequisitePatchIds: [...new Set(ids.map(id => id[1]!))],
    ...(date !== undefined && { date }),
  };
}
