// SPDX-License-Identifier: MIT
// What compilers, linkers, CMake and ninja print, and which warnings count as new.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { newWarnings, readOutput } from '../../app/lab/warnings.ts';
import type { Warnings } from '../../app/lab/warnings.ts';
import { cpuSeconds } from '../support/cpu.ts';

const OUTPUT = `[1/4] Building C object a.c.o
/src/a.c: In function 'open_it':
/src/a.c:10:6: warning: unused variable 'x' [-Wunused-variable]
   10 |  int x;
      |      ^
In file included from /src/b/../c.h:3,
                 from /src/a.c:1:
/src/b/../c.h:7:1: warning: 'deprecated_one' is deprecated: declared at /src/c.h:3 [-Wdeprecated-declarations]
[2/4] Building C object b.c.o
FAILED: b.c.o
/usr/bin/cc -o b.c.o -c /src/b.c
/src/b.c:3:9: error: 'y' undeclared (first use in this function)
[3/4] Linking C shared library lib/libx.so
FAILED: lib/libx.so
/usr/bin/ld: d.c.o: in function \`start':
/src/d.c:12: undefined reference to \`gone'
collect2: error: ld returned 1 exit status
CMake Error at providers/CMakeLists.txt:4 (message):
  Two lines

  of words
ninja: error: '/src/e.c', needed by 'e.c.o', missing and no known rule to make it
`;

const edge = (lines: string): Warnings => readOutput(`[1/1] Building C object a.c.o\n${lines}`).warnings;
const compare = (before: Warnings, after: Warnings, wrote = () => false) =>
  newWarnings({ before, after, renamed: new Map(), wrote }).map(one => `${one.path}:${one.line}`);

describe('warnings', () => {
  it('reads places, functions and options', () => {
    const { warnings, errors } = readOutput(OUTPUT);
    assert.deepEqual(
      warnings.get('Building C object a.c.o')?.map(({ path, line, option, symbol }) => [path, line, option, symbol]),
      [
        ['a.c', 10, '-Wunused-variable', 'open_it'],
        ['c.h', 7, '-Wdeprecated-declarations', 'open_it'],
      ],
    );
    assert.deepEqual(
      errors.map(({ path, line, message }) => [path, line, message]),
      [
        ['b.c', 3, "'y' undeclared (first use in this function)"],
        ['d.c', 12, "undefined reference to `gone'"],
        ['providers/CMakeLists.txt', 4, 'Two lines of words'],
        [undefined, 0, "'/src/e.c', needed by 'e.c.o', missing and no known rule to make it"],
      ],
    );
  });

  it('does not count a shift of lines, nor one in the words', () => {
    const before = edge("/src/a.c:10:6: warning: 'x' differs from /src/c.h:3:1 [-Wx]");
    assert.deepEqual(compare(before, edge("/src/a.c:99:2: warning: 'x' differs from /src/c.h:33:1 [-Wx]")), []);
  });

  it('counts a header once, however many files include it', () => {
    const line = "/src/c.h:7:1: warning: 'x' unused [-Wx]";
    assert.deepEqual(compare(new Map(), readOutput(`[1/2] a\n${line}\n[2/2] b\n${line}`).warnings), ['c.h:7']);
  });

  it('takes of equal warnings the one that the patch wrote', () => {
    const one = "/src/a.c:10:6: warning: unused variable 'x' [-Wunused-variable]";
    const two = `${one.replace(':10:', ':4:')}\n${one.replace(':10:', ':20:')}`;
    const after = edge(two);
    const wrote = (_path: string, line: number): boolean => line === 4;
    assert.deepEqual(
      newWarnings({ before: edge(one), after, renamed: new Map(), wrote }).map(each => each.line),
      [4],
    );
  });

  it('never leaves the tree with a path', () => {
    const { errors } = readOutput('/src/../../etc/passwd:1:1: error: no\n/usr/include/x.h:1:1: error: no\n');
    assert.deepEqual(
      errors.map(error => error.path),
      ['etc/passwd', undefined],
    );
  });

  it('reads any text, in little time', () => {
    const piece = fc.constantFrom(
      '[1/2] ',
      '/src/a.c',
      ':',
      '1',
      ' warning: ',
      ' error: ',
      "'",
      ' In function ',
      '\n',
      'ld: ',
      ' ',
      '[-W',
      ']',
      '(',
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 300 }), pieces => void readOutput(pieces.join(''))));
    const seconds = cpuSeconds(() => {
      readOutput(`${'/src/a.c:'.repeat(100_000)}\n${"ld: '".repeat(100_000)}\n${' warning: '.repeat(100_000)}`);
      readOutput('/src/a.c:1:1: warning: x [-Wx]\n'.repeat(100_000));
    });
    assert.ok(seconds < 3, `${seconds} s`);
  });
});
