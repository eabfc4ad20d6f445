// SPDX-License-Identifier: MIT
// From what the person named to the one series that is reviewed.
import { AbideError } from './errors.ts';
import type { Notice, Series } from './model/index.ts';
import { readSeries } from './series/index.ts';
import { readInput } from './sources/index.ts';
import { forLine } from './model/harmless.ts';

export interface InputOptions {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly formatRange: (range: string) => Promise<Uint8Array>;
}

/** @throws AbideError `input-unreadable`, `input-not-a-series`, `revision-unknown` */
export async function readOneSeries(
  inputs: readonly string[],
  options: InputOptions,
): Promise<{ series: Series; notices: Notice[] }> {
  const raws = await readInput(inputs, options);
  const all = await readSeries(raws);
  if (all.length === 0) {
    const mails = raws.length === 1 ? 'one mail' : `${raws.length} mails`;
    throw new AbideError('input-not-a-series', `${inputs.join(' ')}: no patch in it (${mails} read)`, {
      hint: 'give an mbox, a maildir or a folder with the mails of one series, as b4 am, git format-patch or a mail reader save them',
    });
  }
  return pickSeries(all);
}

/** Several revisions of one series are one series, and the newest is meant; several different series are a question. */
export function pickSeries(all: readonly Series[]): { series: Series; notices: Notice[] } {
  const newest = all.reduce((best, one) => (one.revision > best.revision ? one : best));
  const titles = new Set(all.map(one => titleKey(one)));
  if (titles.size > 1) {
    const list = all.map(one => `  v${one.revision} ${forLine(one.title)}`).join('\n');
    throw new AbideError('input-not-a-series', `the input holds ${all.length} series:\n${list}`, {
      hint: 'give the mails of one series',
    });
  }
  const older = all.filter(one => one !== newest).map(one => `v${one.revision}`);
  const notices =
    older.length > 0
      ? [
          {
            code: 'older-revisions',
            message: `reviewed is v${newest.revision}; also in the input: ${older.join(', ')}`,
          },
        ]
      : [];
  return { series: newest, notices };
}

/** A change-id names a series through all its revisions; without one, the title does. */
const titleKey = (series: Series): string =>
  series.base.changeId ??
  series.title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
