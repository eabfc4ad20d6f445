// SPDX-License-Identifier: MIT
// The newest b4 of Debian, as a second opinion on what belongs to a series. Fetched once a week into the cache, with apt.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RawMail, Series } from '../../app/model/index.ts';
import { aptFetch } from '../../app/provision/apt.ts';
import { readSeries, splitMbox } from '../../app/series/index.ts';
import { logTrailers } from '../../app/series/trailers.ts';
import { cacheDir } from '../support/env.ts';

const DIR = resolve(import.meta.dirname, '../fixtures/mail');
/** b4 itself and the pure Python it imports: it runs on Debian 12's Python from a folder. */
const PACKAGES = ['b4', 'python3-liblore', 'python3-ezgb', 'python3-patatt', 'python3-dkim', 'python3-dnspython'];
const LIBRARIES = ['python3-requests', 'python3-urllib3', 'python3-idna', 'python3-certifi', 'python3-chardet'];

/** Shapes that b4 does not take, or takes for something else on purpose. */
const NOT_FOR_B4: Record<string, string> = {
  'bug-diff-lost-on-the-way.mbox': 'a patch without its diff is no part of a series there',
  'bug-two-mails-claim-one-place.mbox': 'it makes a third patch of the second mail',
  'shape-late-and-doubled.mbox': 'a doubled patch under another Message-ID is an additional patch there',
  'shape-no-message-ids.mbox': 'it refuses mails without Message-ID',
  'shape-cover-letter-alone.mbox': 'a cover letter alone is no series there',
  'shape-revision-5.1-alone.mbox': 'v5.1 is no revision there',
  'shape-revision-5.1-of-one-patch.mbox': 'v5.1 is no revision there',
  'shape-scissors-in-a-reply.mbox': 'a reply is never a patch there',
  'shape-two-series.mbox': 'it takes all mails for one thread',
  'shape-two-series-of-one-length-in-one-thread.mbox': 'it takes all mails for one thread',
  'bug-from-at-line-start.mbox': 'it takes all mails for one thread',
  'hostile-boundary-missing.mbox': 'it finds no text in a multipart without a boundary',
  'shape-several-prefixes.mbox': 'it does not part prefixes at a comma',
  'hostile-no-author.mbox': 'it refuses mails without Message-ID',
};

describe('b4 agrees on the series', function () {
  this.timeout(300_000);
  let libraries: string;

  before(async () => {
    const week = Math.floor(Date.now() / (7 * 24 * 3600 * 1000));
    const root = join(cacheDir, 'b4', String(week));
    if (!existsSync(root)) {
      rmSync(join(cacheDir, 'b4'), { recursive: true, force: true });
      await aptFetch({ cache: cacheDir, suites: ['sid'], packages: [...PACKAGES, ...LIBRARIES], into: root });
    }
    libraries = join(root, 'usr/lib/python3/dist-packages');
  });

  for (const name of readdirSync(DIR).filter(file => /\.mbox(?:rd)?$/.test(file) && NOT_FOR_B4[file] === undefined)) {
    it(name, async () => {
      const raws = splitMbox(readFileSync(join(DIR, name)), name);
      const [ours, theirs] = [(await readSeries(raws)).map(describeSeries), askB4(raws)];
      // What a partial reroll takes from the revision before, its base is part of; b4 leaves that behind.
      if (name === 'shape-partial-reroll.mbox') theirs[1] = { ...theirs[1]!, ...baseOf(theirs[0]!) };
      assert.deepEqual(ours, theirs);
    });
  }

  it('lists no shape that is not there', () => {
    assert.deepEqual(
      Object.keys(NOT_FOR_B4).filter(name => !existsSync(join(DIR, name))),
      [],
    );
  });

  function askB4(raws: readonly RawMail[]): Described[] {
    const input = JSON.stringify(raws.map(raw => Buffer.from(raw.bytes).toString('base64')));
    const script = resolve(import.meta.dirname, 'b4-series.py');
    const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', PYTHONPATH: libraries, PYTHONDONTWRITEBYTECODE: '1' };
    return JSON.parse(
      execFileSync('/usr/bin/python3', [script], { input, env, stdio: ['pipe', 'pipe', 'ignore'] }).toString(),
    );
  }
});

interface Described {
  revision: number;
  total: number;
  complete: boolean;
  cover: string | null;
  baseCommit: string | null;
  changeId: string | null;
  patches: { messageId: string; trailers: string[] }[];
}

const baseOf = ({ baseCommit, changeId }: Described): Pick<Described, 'baseCommit' | 'changeId'> => ({
  baseCommit,
  changeId,
});

function describeSeries(series: Series): Described {
  return {
    revision: series.revision,
    total: series.patches[0]!.total,
    complete: series.patches.length === series.patches[0]!.total,
    cover: series.cover?.messageId ?? null,
    baseCommit: series.base.baseCommit ?? null,
    changeId: series.base.changeId ?? null,
    patches: series.patches.map(patch => ({
      messageId: patch.messageId,
      trailers: patch.trailers
        .slice(logTrailers(patch.log).length)
        .map(trailer => `${trailer.key}: ${trailer.value}`)
        .sort(),
    })),
  };
}
