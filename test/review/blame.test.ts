// SPDX-License-Identifier: MIT
// Which patch of a series made a line; git is asked nothing, hunks say it all.
import assert from 'node:assert/strict';
import { blame } from '../../app/review/blame.ts';
import { diffTexts } from '../../app/review/diff.ts';
import { seriesOf } from '../../app/review/index.ts';

const steps = (path: string, ...texts: string[]) =>
  seriesOf(
    's',
    texts.slice(1).map((text, at) => [diffTexts(path, texts[at], text)]),
  ).patches;
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}`);
const text = (...lines: string[]): string => lines.join('\n') + '\n';

describe('blame', () => {
  const base = text(...numbered(1, 40));
  const one = text(...numbered(1, 4), 'one', ...numbered(5, 40));
  const two = text('zero', ...numbered(1, 4), 'one', ...numbered(5, 29), ...numbered(31, 40));
  const three = text(
    'zero',
    ...numbered(1, 4),
    'one',
    ...numbered(5, 20),
    'three',
    ...numbered(21, 29),
    ...numbered(31, 40),
  );
  const patches = steps('a.h', base, one, two, three);
  const line = (of: string, words: string): number => of.split('\n').indexOf(words) + 1;

  it('finds who added a line of the tip', () => {
    assert.equal(blame(patches, { path: 'a.h', side: 'post', line: line(three, 'one') }), 1);
    assert.equal(blame(patches, { path: 'a.h', side: 'post', line: line(three, 'zero') }), 2);
    assert.equal(blame(patches, { path: 'a.h', side: 'post', line: line(three, 'three') }), 3);
  });

  it('finds who took a line of the base away', () => {
    assert.equal(blame(patches, { path: 'a.h', side: 'pre', line: line(base, 'line 30') }), 2);
  });

  it('lays a line that nobody made on the last patch that touches the file, or on the series', () => {
    assert.equal(blame(patches, { path: 'a.h', side: 'post', line: line(three, 'line 39') }), 3);
    assert.equal(blame(patches, { path: 'b.h', side: 'post', line: 1 }), 0);
  });

  it('follows a rename', () => {
    const [first, second] = steps('new.h', base, one, one);
    const moved = { ...diffTexts('new.h', one, one), change: 'rename' as const, oldPath: 'old.h' };
    const before = { ...first!, files: [{ ...first!.files[0]!, path: 'old.h' }] };
    assert.equal(blame([before, { ...second!, files: [moved] }], { path: 'new.h', side: 'post', line: 5 }), 1);
  });

  it('counts hunks without context, as -U0 gives them', () => {
    const hunk = {
      oldStart: 2,
      oldLines: 0,
      newStart: 3,
      newLines: 1,
      section: '',
      lines: [{ kind: 'add' as const, text: 'x', new: 3 }],
    };
    const [patch] = steps('a.h', base, one);
    const bare = [
      { ...patch!, files: [{ ...patch!.files[0]!, hunks: [hunk] }] },
      { ...steps('a.h', one, two)[0]!, index: 2, files: [] },
    ];
    assert.equal(blame(bare, { path: 'a.h', side: 'post', line: 3 }), 1);
  });
});
