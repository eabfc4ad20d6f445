// SPDX-License-Identifier: MIT
// Each file of test/fixtures/ktap is one output: what is to be read from it, a blank line, the raw text.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readKtap, type KtapDocument } from '../../app/lab/ktap.ts';
import { cpuSeconds } from '../support/cpu.ts';

const FIXTURES = new URL('../fixtures/ktap/', import.meta.url);

function summary(document: KtapDocument, prefix = ''): string[] {
  return [
    ...document.tests.flatMap(test => [
      `test: ${prefix}${String(test.number)} ${test.outcome} ${test.name}${test.reason === undefined ? '' : ` -- ${test.reason}`}`,
      ...(test.sub ? summary(test.sub, `${prefix}${String(test.number)}/`) : []),
    ]),
    ...document.missing.map(sentence => `missing: ${sentence}`),
    ...document.problems.map(sentence => `problem: ${sentence}`),
  ];
}

/** A sound document of flat and nested results. */
const { ktap } = fc.letrec<{ ktap: string }>(tie => ({
  ktap: fc
    .array(
      fc.record({
        ok: fc.boolean(),
        name: fc.constantFrom('a', 'rc read', 'x-1'),
        sub: fc.option(tie('ktap'), { maxDepth: 2 }),
      }),
      {
        maxLength: 5,
      },
    )
    .map(tests => {
      const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');
      const body = tests.map(
        ({ ok, name, sub }, n) =>
          `${sub === null ? '' : indented(sub)}${ok ? '' : 'not '}ok ${String(n + 1)} ${name}\n`,
      );
      return `KTAP version 1\n1..${String(tests.length)}\n${body.join('')}# done\n`;
    }),
}));

describe('KTAP reader', () => {
  for (const file of readdirSync(FIXTURES).sort()) {
    it(file, () => {
      const text = readFileSync(new URL(file, FIXTURES), 'utf8');
      const end = text.indexOf('\n\n');
      const expected = text.slice(0, end).split('\n').sort();
      assert.deepEqual(summary(readKtap(text.slice(end + 2))).sort(), expected);
    });
  }

  it('finds nothing wrong with a sound document, and something with every part of it', () => {
    fc.assert(
      fc.property(ktap, fc.nat(), (text, at) => {
        const whole = readKtap(text);
        assert.deepEqual([...whole.missing, ...whole.problems], []);
        assert.ok(whole.done);
        const cut = readKtap(text.slice(0, at % text.length));
        assert.ok(cut.missing.length > 0);
      }),
    );
  });

  it('finds something wrong where a line of results is lost or doubled', () => {
    fc.assert(
      fc.property(ktap, fc.nat(), fc.boolean(), (text, pick, doubled) => {
        const lines = text.split('\n');
        const results = lines.flatMap((line, n) => (/^(?:not )?ok /.test(line) ? [n] : []));
        const at = results[pick % Math.max(1, results.length)];
        if (at === undefined) return;
        lines.splice(at, doubled ? 0 : 1, ...(doubled ? [lines[at] ?? ''] : []));
        const { missing, problems } = readKtap(lines.join('\n'));
        assert.ok(missing.length + problems.length > 0);
      }),
    );
  });

  it('never throws, and never prints a control character', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'KTAP version 1\n',
        '1..2\n',
        'ok 1 a\n',
        'not ok 2 b # SKIP\n',
        '    ',
        '# done\n',
        '\n',
        'Bail out! x\n',
        '1..999999999\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
        for (const line of summary(readKtap(pieces.join('')))) assert.doesNotMatch(line, /[\0-\x08\x0b-\x1f\x7f-\x9f]/);
      }),
      { numRuns: 1000 },
    );
  });

  it('bounds what it keeps of a flood', () => {
    const deep = Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}KTAP version 1\n`).join('');
    assert.ok(readKtap(deep).problems.length <= 20);
    const many = readKtap(
      `KTAP version 1\n1..30000\n${Array.from({ length: 30_000 }, (_, n) => `ok ${String(n + 1)} x\n`).join('')}# done\n`,
    );
    assert.equal(many.tests.length, 20_000);
    assert.ok(many.problems.length > 0);
    const flood = `ok 1 ${'# '.repeat(2 << 20)}\n${'\n'.repeat(1 << 20)}${' '.repeat(1 << 20)}`;
    assert.ok(cpuSeconds(() => readKtap(flood)) < 2);
  });
});
