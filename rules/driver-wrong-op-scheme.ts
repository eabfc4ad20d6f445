// SPDX-License-Identifier: MIT
// A provider that puts its functions into verbs_context by hand instead of by the scheme of the day.
import { freshFunctions, isLibraryText, mayBeProvider, unit, type Func } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

const DRIVER_HEADER = 'libibverbs/driver.h';
/** Members of verbs_context that a provider may set: they are state, not slots. */
const STATE = /^(?:priv|sz|context|abi_compat)$/;

interface Use {
  /** What is set, as written. */
  readonly what: string;
  readonly op: string;
  readonly line: number;
  readonly message: 'side' | 'direct';
}

/** Assignments of slots in one function. `today`: the tree has verbs_set_ops(). */
function uses(func: Func, today: boolean): Use[] {
  const { body } = func;
  if (body === undefined) return [];
  const contexts = new Set(
    [...func.params, ...body.locals].filter(each => each.type.tokens.includes('verbs_context')).map(each => each.name),
  );
  const found: Use[] = [];
  for (const { callee, args, line } of body.calls) {
    const op = args[1] ?? '';
    if (callee !== 'verbs_set_ctx_op') continue;
    if (/^(?:drv|lib)_|ABI_placeholder/.test(op))
      found.push({ what: `verbs_set_ctx_op(…, ${op}, …)`, op, line, message: 'side' });
    else if (today) found.push({ what: `verbs_set_ctx_op(…, ${op}, …)`, op, line, message: 'direct' });
  }
  for (const { left, line } of body.assignments) {
    const [, base = '', op = ''] = /^(.*?)(?:->|\.)(\w+)$/.exec(left) ?? [];
    if (/ABI_placeholder/.test(op)) found.push({ what: left, op, line, message: 'side' });
    else if (!today || STATE.test(op)) continue;
    else if (/(?:context|ctx)(?:->|\.)ops$/.test(base) || contexts.has(base))
      found.push({ what: left, op, line, message: 'direct' });
  }
  return found;
}

export default defineRule({
  name: 'driver-wrong-op-scheme',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: mayBeProvider,
    readsText: 'the C files of providers',
    wakes: /verbs_set_ctx_op|ABI_placeholder|ops(?:->|\.)\w+\s*=[^=]|(?:ctx|context)\w*(?:->|\.)\w+\s*=[^=]/,
    context: [DRIVER_HEADER],
    title: 'A provider sets verbs ops by hand',
    why: 'The library decides where an op lives, which default stands in for a missing one and what is wrapped. A provider that writes into verbs_context or ibv_context by itself bypasses that, and breaks when the struct gets a placeholder.',
    fix: 'Put the op into the provider’s `static const struct verbs_context_ops` and hand that to verbs_set_ops().',
    references: [
      { commit: '0c0dddaba', says: 'verbs_context_ops with a default implementation for every op' },
      { commit: 'bc280dc83', says: 'the provider had to follow when the drv_ slots went' },
      { commit: '1b6875d4c', says: 'the provider that used them' },
    ],
    messages: {
      side:
        '{func}() fills `{op}` by `{what}`: a provider fills the slot of the verb and never a drv_, lib_ or placeholder slot. bc280dc83 had to change this back when 501b53b30 took those slots away. ' +
        'Use the slot that is named for the verb; today that means an entry of `struct verbs_context_ops` and verbs_set_ops().',
      direct:
        '{func}() sets the op `{op}` directly (`{what}`). Since 0c0dddaba providers hand a `static const struct verbs_context_ops` to verbs_set_ops(), and the library fills the slots and the defaults. ' +
        'Add `.{op}` to that table, or to a second one that is set when the device can do it.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a drv_ slot, in the scheme of 2014',
        files: [
          {
            path: 'src/mlx9.c',
            pre: 'static int init(struct verbs_context *c)\n{\n\tverbs_set_ctx_op(c, open_qp, mlx9_open_qp);\n\treturn 0;\n}\n',
            post: 'static int init(struct verbs_context *c)\n{\n\tverbs_set_ctx_op(c, open_qp, mlx9_open_qp);\n\tverbs_set_ctx_op(c, drv_set_rate, mlx9_set_rate);\n\treturn 0;\n}\n',
          },
        ],
        finds: [
          {
            message: 'side',
            path: 'src/mlx9.c',
            side: 'post',
            line: 4,
            symbol: 'init.drv_set_rate',
            data: { func: 'init', op: 'drv_set_rate', what: 'verbs_set_ctx_op(…, drv_set_rate, …)' },
          },
        ],
      },
      {
        title: 'an op written into ibv_context',
        files: [
          {
            path: 'providers/mlx9/mlx9.c',
            pre: 'static void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&ctx->ibv_ctx, &mlx9_ops);\n}\n',
            post: 'static void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&ctx->ibv_ctx, &mlx9_ops);\n\tctx->ibv_ctx.context.ops.post_send = mlx9_post_send;\n}\n',
          },
        ],
        context: {
          'libibverbs/driver.h':
            'void verbs_set_ops(struct verbs_context *vctx, const struct verbs_context_ops *ops);\n',
        },
        finds: [
          {
            message: 'direct',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 4,
            symbol: 'init.post_send',
            data: { func: 'init', op: 'post_send', what: 'ctx->ibv_ctx.context.ops.post_send' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'the same line where the tree knows no other way',
        files: [
          {
            path: 'src/mlx9.c',
            pre: 'static void init(struct ibv_context *context)\n{\n}\n',
            post: 'static void init(struct ibv_context *context)\n{\n\tcontext->ops.post_send = mlx9_post_send;\n}\n',
          },
        ],
      },
      {
        title: 'an entry of the table, and a field of the provider’s own',
        files: [
          {
            path: 'providers/mlx9/mlx9.c',
            pre: 'static const struct verbs_context_ops ops = {\n};\nstatic void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&ctx->ibv_ctx, &ops);\n}\n',
            post: 'static const struct verbs_context_ops ops = {\n\t.post_send = mlx9_post_send,\n};\nstatic void init(struct mlx9_context *ctx)\n{\n\tctx->page_size = 4096;\n\tverbs_set_ops(&ctx->ibv_ctx, &ops);\n}\n',
          },
        ],
        context: {
          'libibverbs/driver.h':
            'void verbs_set_ops(struct verbs_context *vctx, const struct verbs_context_ops *ops);\n',
        },
      },
    ],
    seen: [{ commit: '1b6875d4c2cb', says: 'verbs_set_ctx_op() of drv_ibv_create_flow in mlx4' }],
  },
  check: (view, report) => {
    const today = view.context.get(DRIVER_HEADER)?.includes('verbs_set_ops') ?? false;
    for (const file of view.files) {
      if (file.post === undefined || isLibraryText(file.path, file.post)) continue;
      for (const { now, before } of freshFunctions(unit(file.pre), unit(file.post))) {
        const old = new Set(before === undefined ? [] : uses(before, today).map(use => use.what));
        for (const { what, op, line, message } of uses(now, today)) {
          if (old.has(what)) continue;
          const data = { func: now.name, op, what };
          report({ message, path: file.path, side: 'post', line, symbol: `${now.name}.${op}`, data });
        }
      }
    }
  },
});
