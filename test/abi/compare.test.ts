// SPDX-License-Identifier: MIT
// Two states of a struct: what stayed, moved, came and went.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareStructs, freshFunctions, loadParsers, unit, type Struct } from '../../app/abi/index.ts';

const struct = (names: string): Struct =>
  unit(`struct s {\n${[...names].map(name => `\tint ${name};`).join('\n')}\n};\n`).struct('s')!;
const compared = (pre: string, post: string, grows: 'up' | 'down' = 'up') => {
  const { kept, replaced, moved, removed, above, between, below } = compareStructs(struct(pre), struct(post), grows);
  const names = (list: readonly { name: string }[]) => list.map(each => each.name).join('');
  const pairs = (list: readonly (readonly [{ name: string }, { name: string }])[]) =>
    list.map(([a, b]) => a.name + b.name).join(' ');
  return {
    kept: names(kept.map(([, now]) => now)),
    replaced: pairs(replaced),
    moved: pairs(moved),
    removed: names(removed),
    above: names(above),
    between: names(between),
    below: names(below),
  };
};
const none = { kept: '', replaced: '', moved: '', removed: '', above: '', between: '', below: '' };

describe('compareStructs', () => {
  before(loadParsers);

  it('tells where new members stand', () => {
    assert.deepEqual(compared('abc', 'xyabzcw'), { ...none, kept: 'abc', above: 'xy', between: 'z', below: 'w' });
  });

  it('takes a new name in an old place for a replacement, at the end that does not grow', () => {
    assert.deepEqual(compared('abc', 'xyzbc'), { ...none, kept: 'bc', replaced: 'az', above: 'xy' });
    assert.deepEqual(compared('abc', 'abxyz', 'down'), { ...none, kept: 'ab', replaced: 'cx', below: 'yz' });
  });

  it('sees what moved and what is gone', () => {
    assert.deepEqual(compared('abcd', 'bacd'), { ...none, kept: 'bcd', moved: 'aa' });
    assert.deepEqual(compared('abcd', 'abd'), { ...none, kept: 'abd', removed: 'c' });
  });

  it('accounts for every member once, whatever happened', () => {
    const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { minLength: 1 }).map(list => list.join(''));
    fc.assert(
      fc.property(names, names, fc.constantFrom('up' as const, 'down' as const), (pre, post, grows) => {
        const all = compareStructs(struct(pre), struct(post), grows);
        const both = [...all.kept, ...all.replaced, ...all.moved];
        assert.equal(
          [...both.map(([old]) => old.name), ...all.removed.map(old => old.name)].sort().join(''),
          [...pre].sort().join(''),
        );
        const fresh = [...all.above, ...all.between, ...all.below];
        assert.equal(
          [...both.map(([, now]) => now.name), ...fresh.map(now => now.name)].sort().join(''),
          [...post].sort().join(''),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('freshFunctions', () => {
  before(loadParsers);
  it('gives what differs, with what stood there before', () => {
    const pre = unit('int f(void) { return 1; }\nint g(void) { return 2; }\n');
    const post = unit('/* new */\nint g(void) { return 2; }\nint f(void) { return 3; }\nint h(void);\n');
    assert.deepEqual(
      freshFunctions(pre, post).map(({ now, before }) => [now.name, now.line, before?.line]),
      [
        ['f', 3, 1],
        ['h', 4, undefined],
      ],
    );
  });
});
