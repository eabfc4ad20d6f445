// SPDX-License-Identifier: MIT
// A provider that puts its functions into verbs_context by hand instead of by the scheme of the day.
import {
  contextMembers,
  contextTest,
  freshFunctions,
  isLibraryText,
  lastMember,
  mayBeProvider,
  unit,
  type Func,
} from '../app/abi/index.ts';
import { defineRule, type View } from '../app/review/index.ts';

const DRIVER_HEADER = 'libibverbs/driver.h';
const VERBS_HEADER = 'libibverbs/verbs.h';
/** Members of verbs_context and ibv_context that a provider may set: they are state, not slots. */
const STATE = /^(?:priv|sz|context|abi_compat|device|ops|cmd_fd|async_fd|num_comp_vectors|mutex)$/;
const SIDE = /^(?:drv|lib)_|ABI_placeholder/;

interface Use {
  /** What is set, as written. */
  readonly what: string;
  readonly op: string;
  readonly line: number;
  readonly message: 'side' | 'direct';
}

const TODAY = {
  'libibverbs/driver.h': 'void verbs_set_ops(struct verbs_context *vctx, const struct verbs_context_ops *ops);\n',
  'libibverbs/verbs.h':
    'struct verbs_context {\n\tint (*keep_rate)(struct ibv_qp *qp);\n\tint (*drop_rate)(struct ibv_qp *qp);\n\tint (*query_rate)(struct ibv_qp *qp);\n\tint (*set_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
};

/** What the tree that a provider belongs to has to say. Asked for late: most assignments are of something else. */
interface Scheme {
  /** It has verbs_set_ops(). */
  readonly today: boolean;
  /** The slots of its verbs_context; undefined where that is not in sight. */
  readonly slots: () => ReadonlySet<string> | undefined;
  /** Members of the provider's own structs that are a verbs_context. */
  readonly members: () => ReadonlySet<string>;
}

function schemeOf(view: View): Scheme {
  const readSlots = (): ReadonlySet<string> | undefined => {
    const struct = unit(view.context.get(VERBS_HEADER)).struct('verbs_context');
    return struct && new Set(struct.members.flatMap(member => (member.slot ? [member.name] : [])));
  };
  const readMembers = (): ReadonlySet<string> =>
    contextMembers(view.files.flatMap(({ pre, post }) => [unit(pre), unit(post)]));
  return {
    today: view.context.get(DRIVER_HEADER)?.includes('verbs_set_ops') ?? false,
    slots: once(readSlots),
    members: once(readMembers),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Assignments of slots in one function. */
function uses(func: Func, { today, slots, members }: Scheme): Use[] {
  const { body } = func;
  if (body === undefined) return [];
  const isContext = contextTest(func, members);
  const found: Use[] = [];
  for (const { callee, args, line } of body.calls) {
    const op = args[1] ?? '';
    if (callee !== 'verbs_set_ctx_op') continue;
    const what = `verbs_set_ctx_op(…, ${op}, …)`;
    if (SIDE.test(op)) found.push({ what, op, line, message: 'side' });
    else if (today) found.push({ what, op, line, message: 'direct' });
  }
  for (const { left, line } of body.assignments) {
    const [, base = '', op = ''] = /^(.*?)(?:->|\.)(\w+)$/.exec(left) ?? [];
    const add = (message: Use['message']): void => void found.push({ what: left, op, line, message });
    const side = SIDE.test(op);
    if (/ABI_placeholder/.test(op)) add('side');
    else if (today && /(?:context|ctx)(?:->|\.)ops$/.test(base)) add('direct');
    else if (op === '' || STATE.test(op) || !(side || today)) continue;
    else {
      const isSlot = slots()?.has(op);
      if (!side && isSlot === false) continue;
      // A member whose type is out of sight is the context where what is set in it is a slot of verbs_context. Tables of ops have such members too.
      const guessed = isSlot === true && !/ops$/i.test(lastMember(base) ?? 'ops');
      if (guessed || isContext(base)) add(side ? 'side' : 'direct');
    }
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
    wakes:
      /verbs_set_ctx_op|ABI_placeholder|ops(?:->|\.)\w+\s*=(?!=)|(?:->|\.)(?:drv|lib)_\w+\s*=(?!=)|(?:ctx|context)\w*\)?(?:->|\.)\w+\s*=(?!=)/,
    context: [DRIVER_HEADER, VERBS_HEADER],
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
        title: 'a drv_ slot of the context that the provider embeds in its own',
        files: [
          {
            path: 'providers/mlx9/mlx9.c',
            pre: 'static struct verbs_context *init(struct ibv_device *dev, int fd)\n{\n\tstruct mlx9_context *context;\n\n\tcontext = verbs_init_and_alloc_context(dev, fd, context, base, RDMA_DRIVER_MLX9);\n\treturn &context->base;\n}\n',
            post: 'static struct verbs_context *init(struct ibv_device *dev, int fd)\n{\n\tstruct mlx9_context *context;\n\n\tcontext = verbs_init_and_alloc_context(dev, fd, context, base, RDMA_DRIVER_MLX9);\n\tcontext->base.drv_set_rate =\n\t\tmlx9_set_rate;\n\treturn &context->base;\n}\n',
          },
        ],
        finds: [
          {
            message: 'side',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 6,
            symbol: 'init.drv_set_rate',
            data: { func: 'init', op: 'drv_set_rate', what: 'context->base.drv_set_rate' },
          },
        ],
      },
      {
        title: 'a slot at the end of a chain, its type told by the struct, by verbs_set_ops() or by the slot alone',
        files: [
          {
            path: 'providers/mlx9/mlx9.c',
            pre: 'struct mlx9_context {\n\tstruct {\n\t\tstruct verbs_context one;\n\t} inner;\n};\nstatic void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&to_mlx9(ctx)->two, &mlx9_ops);\n}\n',
            post: 'struct mlx9_context {\n\tstruct {\n\t\tstruct verbs_context one;\n\t} inner;\n};\nstatic void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&to_mlx9(ctx)->two, &mlx9_ops);\n\tctx->inner.one.set_rate = mlx9_set_rate;\n\t(&to_mlx9(ctx)->two)->query_rate = mlx9_query_rate;\n\tctx->peer->vctx.drop_rate = mlx9_drop_rate;\n\tverbs_get_ctx(ctx->peer->ibv)->keep_rate = mlx9_keep_rate;\n}\n',
          },
        ],
        context: TODAY,
        finds: [
          {
            message: 'direct',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 9,
            symbol: 'init.set_rate',
            data: { func: 'init', op: 'set_rate', what: 'ctx->inner.one.set_rate' },
          },
          {
            message: 'direct',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 10,
            symbol: 'init.query_rate',
            data: { func: 'init', op: 'query_rate', what: '(&to_mlx9(ctx)->two)->query_rate' },
          },
          {
            message: 'direct',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 11,
            symbol: 'init.drop_rate',
            data: { func: 'init', op: 'drop_rate', what: 'ctx->peer->vctx.drop_rate' },
          },
          {
            message: 'direct',
            path: 'providers/mlx9/mlx9.c',
            side: 'post',
            line: 12,
            symbol: 'init.keep_rate',
            data: { func: 'init', op: 'keep_rate', what: 'verbs_get_ctx(ctx->peer->ibv)->keep_rate' },
          },
        ],
      },
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
        title:
          'slots’ names in tables of the provider’s own, its own drv_ fields, and what a context holds beside slots',
        files: [
          {
            path: 'providers/mlx9/mlx9.c',
            pre: 'static void init(struct mlx9_context *ctx)\n{\n\tverbs_set_ops(&ctx->ibv_ctx, &mlx9_ops);\n}\n',
            post: 'static void init(struct mlx9_context *ctx)\n{\n\tstruct verbs_context_ops ops = mlx9_ops;\n\n\tops.set_rate = mlx9_set_rate;\n\tctx->dv_ops->set_rate = mlx9_set_rate;\n\tctx->caps.drv_version = 1;\n\tctx->lib_version = 2;\n\tctx->ibv_ctx.context.async_fd = ctx->fd;\n\tctx->ibv_ctx.priv = ctx->priv;\n\tctx->ibv_ctx.num_comp_vectors = 1;\n\tif (ctx->ibv_ctx.set_rate == mlx9_set_rate)\n\t\tctx->page_size = 4096;\n\tverbs_set_ops(&ctx->ibv_ctx, &ops);\n}\n',
          },
        ],
        context: TODAY,
      },
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
    const scheme = schemeOf(view);
    for (const file of view.files) {
      if (file.post === undefined || isLibraryText(file.path, file.post)) continue;
      for (const { now, before } of freshFunctions(unit(file.pre), unit(file.post))) {
        const old = new Set(before === undefined ? [] : uses(before, scheme).map(use => use.what));
        for (const { what, op, line, message } of uses(now, scheme)) {
          if (old.has(what)) continue;
          const data = { func: now.name, op, what };
          report({ message, path: file.path, side: 'post', line, symbol: `${now.name}.${op}`, data });
        }
      }
    }
  },
});
