// SPDX-License-Identifier: MIT
// An inline wrapper that calls a slot of verbs_context without asking whether it is there.
import { freshFunctions, isInstalledHeader, unit, type Func } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

/** Slots that a function calls through a `struct verbs_context *` and never checks, with the line of the call.
 *  A test of the pointer alone is no check: in an older library it reads past the end of the struct. */
function unchecked(func: Func | undefined): Map<string, number> {
  const found = new Map<string, number>();
  if (func?.body === undefined || !func.inline) return found;
  const { calls, locals } = func.body;
  const contexts = new Set(
    [...func.params, ...locals].filter(each => each.type.tokens.includes('verbs_context')).map(each => each.name),
  );
  const checked = new Set(calls.filter(call => call.callee === 'verbs_get_ctx_op').map(call => call.args[1]));
  for (const { callee, line } of calls) {
    const [, context = '', op = ''] = /^(\w+)->(\w+)$/.exec(callee) ?? [];
    if (!contexts.has(context) || checked.has(op) || found.has(op)) continue;
    found.set(op, line);
  }
  return found;
}

export default defineRule({
  name: 'inline-op-unchecked',
  meta: {
    severity: 'warning',
    scope: 'series',
    reads: isInstalledHeader,
    readsText: 'installed headers',
    title: 'An inline wrapper calls a verbs_context slot without verbs_get_ctx_op()',
    why: 'The wrapper is compiled into the application, which may run with an older library whose struct verbs_context ends before this slot, or with a provider that leaves it NULL. verbs_get_ctx_op() tests abi_compat, sz and the pointer.',
    fix: 'vctx = verbs_get_ctx_op(context, op); if (!vctx) { errno = EOPNOTSUPP; return NULL; }',
    references: [
      { commit: '6be16586e', says: 'verbs_get_ctx_op() and why it tests three things' },
      { commit: '9a2a8962d', says: 'ibv_close_xrcd(), the one wrapper that escaped' },
    ],
    messages: {
      unchecked:
        'The inline {func}() calls `{op}` of struct verbs_context without `verbs_get_ctx_op(…, {op})`. It is compiled into applications, which may run with an older library whose struct ends before this slot, or ' +
        'with a provider that leaves it NULL (6be16586e). Get the context by verbs_get_ctx_op() and return EOPNOTSUPP where that gives NULL. In a function that destroys an object, the object’s existence may be reason enough: then say so in the log.',
    },
  },
  examples: {
    bad: [
      {
        title: 'verbs_get_ctx() alone',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: '',
            post: 'static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tstruct verbs_context *vctx = verbs_get_ctx(qp->context);\n\n\treturn vctx->set_rate(qp);\n}\n',
          },
        ],
        finds: [
          {
            message: 'unchecked',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 5,
            symbol: 'ibv_set_rate.set_rate',
            data: { func: 'ibv_set_rate', op: 'set_rate' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'checked, and a call through the frozen ops, which are always there',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: '',
            post:
              'static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tstruct verbs_context *vctx;\n\n\tvctx = verbs_get_ctx_op(qp->context, set_rate);\n\tif (!vctx)\n\t\treturn EOPNOTSUPP;\n\treturn vctx->set_rate(qp);\n}\n\n' +
              'static inline int ibv_poll(struct ibv_cq *cq)\n{\n\treturn cq->context->ops.poll_cq(cq);\n}\n',
          },
        ],
      },
    ],
    seen: [{ commit: '9a2a8962da24', says: 'ibv_close_xrcd() takes the slot for granted' }],
  },
  check: (view, report) => {
    for (const { path, pre, post } of view.files)
      for (const { now, before } of freshFunctions(unit(pre), unit(post))) {
        const old = unchecked(before);
        for (const [op, line] of unchecked(now))
          if (!old.has(op))
            report({
              message: 'unchecked',
              path,
              side: 'post',
              line,
              symbol: `${now.name}.${op}`,
              data: { func: now.name, op },
            });
      }
  },
});
