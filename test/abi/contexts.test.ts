// SPDX-License-Identifier: MIT
// Which expressions are a provider's verbs_context, by declaration and by use.
import assert from 'node:assert/strict';
import { contextMembers, contextTest, lastMember, loadParsers, unit } from '../../app/abi/index.ts';

describe('contexts', () => {
  before(loadParsers);

  it('knows the last member, however it is reached', () => {
    const seen = [
      'a->b.c',
      '&a->b',
      '*(&a->b)',
      '(a.b)',
      'f(x)->b',
      '((struct s *)x)->a.b[1]',
      'a',
      'f(a->b)',
      '(a)->b()',
      '',
    ];
    assert.deepEqual(seen.map(lastMember), ['c', 'b', 'b', 'b', 'b', 'b', undefined, undefined, undefined, undefined]);
  });

  it('finds members by declaration, nested and pointed to, and by what takes a context alone', () => {
    const text = `
struct mine { struct { struct verbs_context deep; }; struct verbs_context *pointed; struct verbs_context_ops table; int other; };
static void f(struct mine *m) {
  verbs_set_ops(&m->by_set_ops, &ops);
  verbs_uninit_context(&m->inner.by_uninit);
  m = verbs_init_and_alloc_context(dev, fd, m, by_alloc, ID);
  other_function(&m->not_this);
}`;
    assert.deepEqual([...contextMembers([unit(text)])].sort(), [
      'by_alloc',
      'by_set_ops',
      'by_uninit',
      'deep',
      'pointed',
    ]);
  });

  it('tests expressions with parameters, locals and members', () => {
    const text = 'static void f(struct verbs_context *p) {\n\tstruct verbs_context *l = p;\n\tint i;\n}\n';
    const is = contextTest(unit(text).func('f')!, () => new Set(['m']));
    const yes = ['p', 'l', '(*p)', 'x->m', '(&g(x)->y.m)', 'verbs_get_ctx(a->b)'];
    assert.deepEqual([...yes, 'i', 'x', 'm', 'x->m.context', 'x->n', 'verbs_get_ctx'].filter(is), yes);
  });
});
