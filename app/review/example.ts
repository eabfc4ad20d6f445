// SPDX-License-Identifier: MIT
// An example of a rule as the change it stands for: a series of one patch. Pure.
import type { Change, ChangedFile } from '../model/change.ts';
import type { FileDiff, Patch, Series } from '../model/series.ts';
import { diffTexts } from './diff.ts';
import type { Example } from './rule.ts';

export function exampleChange(example: Example): Change {
  const files = example.files.map(({ path, pre, post }): ChangedFile => ({
    path,
    pre,
    post,
    diff: diffTexts(path, pre, post),
  }));
  const { released } = example;
  return {
    series: seriesOf(example.title, [files.map(file => file.diff)]),
    baseCommit: '',
    files,
    patches: [{ patch: 1, files }],
    context: new Map(Object.entries(example.context ?? {})),
    ...(released === undefined
      ? {}
      : { released: { tag: released.tag, files: new Map(Object.entries(released.files)) } }),
  };
}

/** A series that never was mail: one patch a list of diffs. */
export function seriesOf(title: string, steps: readonly (readonly FileDiff[])[]): Series {
  const nobody = { name: '', address: '' };
  const patches = steps.map((files, at): Patch => {
    const mail = {
      ...{ messageId: `${at + 1}@example`, from: nobody, date: undefined, subject: title, inReplyTo: undefined },
      ...{ references: [], body: '', origin: { source: 'example', cursor: String(at + 1) } },
    };
    return {
      ...{
        index: at + 1,
        total: steps.length,
        messageId: mail.messageId,
        subject: title,
        author: nobody,
        date: undefined,
      },
      ...{ log: '', trailers: [], files, diff: '', mbox: new Uint8Array(), mail },
    };
  });
  const base = { prerequisitePatchIds: [] };
  return { id: title, revision: 1, title, prefixes: [], patches, replies: [], base, state: 'complete' };
}
