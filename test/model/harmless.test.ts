// SPDX-License-Identifier: MIT
// Text of strangers, shown: nothing acts where it is shown.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { codeBlock, codeSpan, forLine, forMarkdown, forTerminal } from '../../app/model/harmless.ts';

describe('harmless text', () => {
  it('shows a terminal escape instead of obeying it', () => {
    assert.equal(
      forLine('\x1b[31mred\x07 \u202eevil\u2066\rback'),
      '\\u{1b}[31mred\\u{7} \\u{202e}evil\\u{2066}\\u{d}back',
    );
  });
  it('keeps line ends only where they belong', () => {
    assert.equal(forTerminal('a\n\tb\x00'), 'a\n\tb\\u{0}');
    assert.equal(forLine('a\nb'), 'a b');
  });
  it('mentions nobody and links nothing in Markdown', () => {
    const out = forMarkdown('@everyone ![x](http://e.example/p.png) <img src=x> </details> `code` https://e.example');
    assert.doesNotMatch(out, /@everyone|<img|<\/details|https?:\/\/|(?<!\\)\[|(?<!\\)`/);
    assert.match(out, /everyone/);
  });
  it('mentions nobody by way of an entity, and links no bare host, FTP or mail address', () => {
    assert.equal(forMarkdown('&#64;octocat &commat;octocat'), '&amp;#\u200b64;octocat &amp;commat;octocat');
    const out = forMarkdown('www.e.example ftp://e.example mailto:a@e.example xmpp:a@e.example');
    assert.doesNotMatch(out, /www\.|(?:ftp|mailto|xmpp):|@e/);
  });
  it('starts no list, numbered or not', () => {
    for (const [text, shown] of [
      ['- a', '\\- a'],
      ['  + a', '\\+ a'],
      ['12. a', '12\\. a'],
      [' 3) a', '3\\) a'],
    ]) {
      // prettier-ignore
      assert.equal(forMarkdown(text!), shown);
    }
  });
  it('shows half a surrogate pair, which no encoding has', () => {
    assert.equal(forLine('a\ud800b'), 'a\\u{d800}b');
    assert.equal(forLine('😀'), '😀');
  });
  it('fences what has more runs of backticks than a call may have arguments', () => {
    assert.match(codeSpan('`` '.repeat(300_000)), /^```(?!`)/);
    assert.ok(codeBlock('``` '.repeat(300_000)).startsWith('````\n'));
  });
  it('closes no fence early', () => {
    assert.equal(codeSpan('a``b'), '```a``b```');
    assert.equal(codeSpan('`'), '`` ` ``');
    assert.equal(codeBlock('x\n````\ny'), '`````\nx\n````\ny\n`````');
  });
  it('holds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        assert.doesNotMatch(forLine(text), /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        assert.doesNotMatch(forMarkdown(text), /<|(?<!\\)[[\]*_]/);
        const block = codeBlock(text);
        const fence = block.slice(0, block.indexOf('\n'));
        assert.equal(
          block
            .split('\n')
            .slice(1, -1)
            .some(line => line.startsWith(fence)),
          false,
        );
      }),
    );
  });
});
