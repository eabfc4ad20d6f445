// SPDX-License-Identifier: MIT
// What a hostile program may print, and what is left of it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sanitise } from '../../app/lab/sanitise.ts';

describe('sanitise', () => {
  it('keeps plain text, newlines and tabs', () => {
    assert.equal(sanitise('a\tb\nc – ü 漢 😀\n'), 'a\tb\nc – ü 漢 😀\n');
  });

  it('removes colours, titles and other escapes with their arguments', () => {
    assert.equal(sanitise('\x1b[1;31merror:\x1b[0m x'), 'error: x');
    assert.equal(sanitise('\x1b]0;owned\x07ok'), 'ok');
    assert.equal(sanitise('\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\'), 'link');
    assert.equal(sanitise('\x9b2Jgone\x1bc\x1b(B.'), 'gone.');
    assert.equal(sanitise('\x1bPdevice control\x1b\\after'), 'after');
  });

  it('does not let an unterminated escape eat the next line', () => {
    assert.equal(sanitise('\x1b]0;never ends\nnext'), '\nnext');
  });

  it('shows what reorders, hides or overwrites', () => {
    assert.equal(sanitise('pass\rfail'), 'pass\nfail');
    assert.equal(sanitise('a\u202eb\u200bc\x08d\x00e'), 'a\\u{202e}b\\u{200b}c\\u{8}d\\u{0}e');
  });

  it('keeps the tail, from a whole line on, and says what was cut', () => {
    const text = Array.from({ length: 1000 }, (_, i) => `line ${i}`).join('\n');
    const out = sanitise(text, 100);
    assert.match(out, /^… \(the beginning was cut\)\nline \d+\n/);
    assert.ok(out.endsWith('line 999'));
    assert.ok(out.length <= 130);
  });

  it('is harmless for any string, and doing it twice changes nothing more', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '\x1b',
        '[',
        ']',
        '0',
        ';',
        'm',
        '\x07',
        '\\',
        '\n',
        '\r',
        '\x9b',
        'P',
        'x',
        '\ud800',
        '😀',
      ),
    });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), text => {
        const out = sanitise(text, 200);
        assert.doesNotMatch(out, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
        assert.ok(out.isWellFormed());
        assert.ok(out.length <= 240);
        if (text.length <= 200) assert.equal(sanitise(out, 200), out);
      }),
      { numRuns: 2000 },
    );
  });
});
