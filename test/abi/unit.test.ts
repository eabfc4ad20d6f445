// SPDX-License-Identifier: MIT
// Facts of C text: what a declaration says, whatever it looks like.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { loadParsers, sameType, unit, type CType } from '../../app/abi/index.ts';

const memberType = (declaration: string): CType => {
  const member = unit(`struct s {\n\t${declaration}\n};\n`).struct('s')?.members[0];
  assert.ok(member, declaration);
  return member.type;
};
const same = (a: string, b: string): boolean => sameType(memberType(a), memberType(b));

describe('unit', () => {
  before(loadParsers);

  it('reads members with their lines, those of conditionals and several to a line included', () => {
    const text =
      '\n/* c */\nstruct s {\n\tint a, *b; /* , int z; */\n#ifdef X\n\tint\n\t\tc[4];\n#else\n\tlong d;\n#endif\n\tunsigned e : 3;\n\tunion {\n\t\tint f;\n\t\tchar g;\n\t};\n};\n';
    const members = unit(text).struct('s')!.members;
    assert.deepEqual(
      members.map(each => [each.name, each.line, each.endLine]),
      [
        ...[
          ['a', 4, 4],
          ['b', 4, 4],
          ['c', 6, 7],
          ['d', 9, 9],
          ['e', 11, 11],
          ['', 12, 15],
        ],
      ],
    );
    assert.deepEqual(
      members[5]?.members?.map(each => [each.name, each.line]),
      [
        ['f', 13],
        ['g', 14],
      ],
    );
  });

  it('knows a slot from a function’s other kin', () => {
    const slots = unit(
      'struct s {\n\tint (*a)(int);\n\tvoid *b;\n\tint *(*c)(void);\n\tint (*d[2])(void);\n\tint (*e)[3];\n};\n',
    ).struct('s')!;
    assert.deepEqual(
      slots.members.filter(each => each.slot).map(each => each.name),
      ['a', 'c', 'd'],
    );
  });

  it('finds typedef’d structs, nested structs, enums and macros', () => {
    const file = unit(
      'typedef struct {\n\tint a;\n} alpha_t;\nstruct outer {\n\tstruct inner {\n\t\tint x;\n\t} in;\n};\nenum e {\n\tA,\n\tB = 1 << 2, /* b */\n};\n#define M(a, b) \\\n\t((a) + (b)) /* sum */\n',
    );
    assert.deepEqual(
      file.struct('alpha_t')?.members.map(each => each.name),
      ['a'],
    );
    assert.equal(file.struct('inner')?.line, 5);
    assert.deepEqual(
      file.enum('e')?.enumerators.map(each => [each.name, each.value, each.line]),
      [
        ['A', undefined, 10],
        ['B', '1 << 2', 11],
      ],
    );
    assert.deepEqual(file.macro('M'), { name: 'M', params: '(a, b)', value: '((a) + (b))', line: 13, endLine: 14 });
  });

  it('reads a function’s parameters and body through rdma-core’s macros', () => {
    const file = unit(
      'LATEST_SYMVER_FUNC(ibv_open, 1_1, "IBVERBS_1.1",\n\t\t   struct ibv_context *,\n\t\t   struct ibv_device *device, int (*cb)(int))\n{\n\tint ret = go(device);\n\n\tif (ret && device->comp_mask)\n\t\treturn ENOSYS;\n\tdevice->x.y = ret;\n\treturn NULL;\n}\n',
    );
    const func = file.func('ibv_open')!;
    assert.deepEqual(
      func.params.map(each => each.name),
      ['device', 'cb'],
    );
    assert.deepEqual(func.returns.tokens, ['struct', 'ibv_context', '*']);
    assert.deepEqual(
      func.body?.calls.map(each => [each.callee, each.args, each.line]),
      [['go', ['device'], 5]],
    );
    assert.deepEqual(
      func.body?.returns.map(each => [each.value, each.line]),
      [
        ['ENOSYS', 8],
        ['NULL', 10],
      ],
    );
    assert.deepEqual(
      func.body?.assignments.map(each => [each.left, each.right]),
      [['device->x.y', 'ret']],
    );
    assert.equal(func.body?.tests[0]?.test, '( ret && device -> comp_mask )');
  });

  it('takes a definition before a prototype, and tells inline', () => {
    const file = unit(
      'int f(int a);\nstatic inline int f(int b)\n{\n\treturn b;\n}\n__attribute__((const)) int g(void);\n',
    );
    assert.deepEqual([file.func('f')?.inline, file.func('f')?.static, file.func('f')?.line], [true, true, 2]);
    assert.deepEqual([file.func('g')?.inline, file.func('g')?.body], [false, undefined]);
  });

  it('holds types equal that no ABI tells apart', () => {
    for (const [a, b] of [
      ['uint32_t x;', '__be32 y;'],
      ['unsigned int x;', 'int x;'],
      ['enum ibv_a x;', 'uint32_t x;'],
      ['const char *x;', 'char * y;'],
      ['int (*f)(struct a *b, const int c[3]);', 'int (*g)(const struct a *, int *d);'],
      ['unsigned long long int x;', 'uint64_t x;'],
      ['int (*f)(void);', 'int (*f)(void);'],
    ] as const)
      assert.ok(same(a, b), `${a} and ${b}`);
  });

  it('tells types apart that an ABI does', () => {
    for (const [a, b] of [
      ['uint32_t x;', 'uint64_t x;'],
      ['int x;', 'int *x;'],
      ['struct a *x;', 'struct b *x;'],
      ['int x[2];', 'int x[3];'],
      ['int (*f)(int);', 'int (*f)(int, int);'],
      ['int (*f)(int);', 'int *(*f)(int);'],
      ['long x;', 'int x;'],
      ['unsigned a : 3;', 'unsigned a : 4;'],
    ] as const)
      assert.ok(!same(a, b), `${a} and ${b}`);
  });

  it('never throws on text that is no C, or is meant to hurt', () => {
    const bits = fc.constantFrom(
      'struct verbs_context {',
      '}',
      '(',
      ')',
      ';',
      '"',
      '/*',
      '*/',
      '#if 1\n',
      '#endif\n',
      '\n',
      'int (*a)(',
      'return ',
      'static inline int f() {',
      'LATEST_SYMVER_FUNC(',
      '__attribute__((',
      ',',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(bits, fc.string({ maxLength: 5 })), { maxLength: 40 }), parts => {
        const file = unit(parts.join(''));
        file.struct('verbs_context');
        file.functions();
        file.macros();
      }),
      { numRuns: 500 },
    );
    for (const deep of [
      'struct a {'.repeat(5000),
      `int x = ${'('.repeat(50_000)}1;`,
      `int f() { ${'if (a) '.repeat(3000)} ; }`,
      `int f() { return ${'!'.repeat(20_000)}1; }`,
      `struct s { int ${'*'.repeat(20_000)}a; };`,
    ])
      unit(deep).functions();
  });
});
