// SPDX-License-Identifier: MIT
// Macros that the C grammar cannot read are blanked; lines stay where they were.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskMacros } from '../../app/abi/mask.ts';

const squeezed = (text: string): string => maskMacros(text).replace(/\s+/g, ' ').trim();

describe('maskMacros', () => {
  it('blanks attributes and linkage words', () => {
    assert.equal(squeezed('int f(void) __attribute__((format(printf, 1, 2)));'), 'int f(void) ;');
    assert.equal(squeezed('MAD_EXPORT int g(void);'), 'int g(void);');
    assert.equal(squeezed('struct a { _Atomic(uint32_t) x; };'), 'struct a { uint32_t x; };');
  });

  it('turns a symbol version into the function it defines', () => {
    assert.equal(
      squeezed('LATEST_SYMVER_FUNC(ibv_open, 1_1, "IBVERBS_1.1",\n\tint,\n\tstruct a *b, int (*c)(int, int))\n{'),
      'int ibv_open( struct a *b, int (*c)(int, int)) {',
    );
  });

  it('makes list loops readable and takes the tag word out of container_of', () => {
    assert.equal(squeezed('list_for_each(&head, item, entry) { x(); }'), 'while (&head, item, entry) { x(); }');
    assert.equal(squeezed('return container_of(p, struct b, c);'), 'return container_of(p, b, c);');
  });

  it('keeps every line, of any text', () => {
    const bits = fc.constantFrom(
      '__attribute__((',
      '))',
      ')',
      '\n',
      'LATEST_SYMVER_FUNC(',
      ',',
      '"x"',
      'container_of(a, struct',
      '_Atomic(',
      'list_for_each(',
      'HIDDEN ',
      'a',
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 30 }), parts => {
        const text = parts.join('');
        assert.equal(maskMacros(text).split('\n').length, text.split('\n').length);
      }),
      { numRuns: 2000 },
    );
  });
});
