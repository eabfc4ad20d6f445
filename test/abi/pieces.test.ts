// SPDX-License-Identifier: MIT
// Cutting C text into declarations: lines, conditionals, and text that is no C at all.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutPieces } from '../../app/abi/pieces.ts';
import { cpuSeconds } from '../support/cpu.ts';

const code = (text: string): string[] =>
  cutPieces(text)
    .filter(piece => piece.kind === 'code')
    .map(piece => `${piece.line} ${piece.text}`);

describe('cutPieces', () => {
  it('ends a function at its brace and a struct at its semicolon', () => {
    assert.deepEqual(
      code('int f(void)\n{\n\tif (1) { g(); }\n}\nstruct a {\n\tint x;\n} b;\nint c = 1;\nint d[] = { 1, 2 };\n'),
      [
        '1 int f(void)\n{\n\tif (1) { g(); }\n}',
        '5 struct a {\n\tint x;\n} b;',
        '8 int c = 1;',
        '9 int d[] = { 1, 2 };',
      ],
    );
  });

  it('looks inside extern "C" and BEGIN_C_DECLS', () => {
    assert.deepEqual(
      code('#ifdef __cplusplus\nextern "C" {\n#endif\nint a;\n#ifdef __cplusplus\n}\n#endif\nint b;\n'),
      ['4 int a;', '8 int b;'],
    );
  });

  it('takes the branches of a conditional as alternatives', () => {
    const text = 'int f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tg();\n\t}\n}\nint after;\n';
    assert.deepEqual(code(text).at(-1), '11 int after;');
  });

  it('is not fooled by brackets in comments, strings, characters and macros', () => {
    const text = '/* { */ int a; // {\nchar *s = "{\\"{";\nchar c = \'{\';\n#define M(x) do { \\\n\tx {\nint b;\n';
    assert.deepEqual(code(text), ['1 int a;', '2 char *s = "{\\"{";', "3 char c = '{';", '6 int b;']);
  });

  it('gives a macro as one directive, its continuation lines included', () => {
    const [piece] = cutPieces('#define A(x) \\\n\tx + 1 /* over\n two lines */ + 2\nint b;\n');
    assert.deepEqual([piece?.kind, piece?.line, piece?.text.split('\n').length], ['directive', 1, 3]);
  });

  it('never throws, and every piece stands on its line', () => {
    const bits = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      ';',
      '"',
      "'",
      '/*',
      '*/',
      '//',
      '#if x',
      '#else',
      '#endif',
      '\\',
      '\n',
      ' ',
      'struct a',
      'int f()',
      '"C"',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(bits, fc.string({ maxLength: 4 })), { maxLength: 60 }), parts => {
        const text = parts.join('');
        for (const piece of cutPieces(text))
          assert.ok(
            text
              .split('\n')
              .slice(piece.line - 1)
              .join('\n')
              .includes(piece.text.split('\n')[0]!),
          );
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time in proportion to the text, whatever the text', () => {
    for (const bad of ['{', '(', '/*', '"', '#if\n', "'", '*/ /', 'a '])
      assert.ok(cpuSeconds(() => cutPieces(bad.repeat(200_000))) < 2, bad);
  });
});
