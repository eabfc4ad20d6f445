// SPDX-License-Identifier: MIT
// The structs of the 1.1 ABI that applications reach into: frozen since 2007.
import {
  compareStructs,
  isVerbsHeader,
  PLACEHOLDER,
  renamedStructs,
  sameType,
  unit,
  wrapsInUnion,
  type Member,
} from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

/** Inline wrappers and applications read these by offset. struct ibv_context is vctx-tail-fixed's. */
const FROZEN =
  'ibv_context_ops _ibv_device_ops ibv_device_ops ibv_device ibv_pd ibv_mr ibv_cq ibv_qp ibv_srq ibv_comp_channel ibv_async_event ibv_wc ibv_sge'.split(
    ' ',
  );
/** Allocated by the library or the provider alone: new members may follow the old ones. */
const OPEN_ENDED = 'ibv_mw ibv_ah ibv_cq_ex ibv_qp_ex ibv_dm ibv_wq ibv_xrcd ibv_td ibv_flow ibv_counters'.split(' ');

export default defineRule({
  name: 'context-ops-frozen',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'A frozen struct of the verbs ABI changed',
    why: 'struct ibv_context_ops and the objects around it are read by offset from code that is compiled into applications. The 1.1 ABI was frozen in March 2007; a new op goes into struct verbs_context or behind an exported function.',
    fix: 'Leave the struct alone: a new slot at the top of struct verbs_context, or an exported function over verbs_context_ops.',
    references: [
      { commit: '66cab911b', says: 'the 1.1 ABI is frozen' },
      { commit: '6be16586e', says: 'new verbs go to struct verbs_context' },
      {
        document: 'rdma-core pull request 777',
        says: '“We should prevent changing a structure that is exposed from verbs.h”',
      },
    ],
    messages: {
      changed:
        '`{name}` is {what} in struct {struct}. Code compiled into applications reads this struct by offset, and the 1.1 ABI has been frozen since 66cab911b (2007). Leave it as it is: a new op gets a slot ' +
        'at the top of struct verbs_context, or an exported function over verbs_context_ops; state goes into a struct of the library’s or the provider’s own.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a new op in ibv_context_ops',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct ibv_context_ops {\n\tint (*poll_cq)(struct ibv_cq *cq);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct ibv_context_ops {\n\tint (*poll_cq)(struct ibv_cq *cq);\n\tint (*set_rate)(struct ibv_qp *qp);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'changed',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 3,
            symbol: 'ibv_context_ops.set_rate',
            data: { name: 'set_rate', what: 'new', struct: 'ibv_context_ops' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'an op out of use keeps its place under a _compat_ name',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct ibv_context_ops {\n\tint (*poll_cq)(struct ibv_cq *cq);\n\tint (*query)(struct ibv_cq *cq);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct ibv_context_ops {\n\tint (*poll_cq)(const struct ibv_cq *cq);\n\tvoid *(*_compat_query)(void);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
      {
        title: 'a new read function behind the old ones of ibv_cq_ex, which only the library allocates',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct ibv_cq_ex {\n\tint (*next_poll)(struct ibv_cq_ex *cq);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct ibv_cq_ex {\n\tint (*next_poll)(struct ibv_cq_ex *cq);\n\tint (*read_rate)(struct ibv_cq_ex *cq);\n};\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const { path, ...file } of view.files) {
      const [pre, post] = [unit(file.pre), unit(file.post)];
      // Without verbs_context there is no other place for a new op, and the freeze has not happened yet.
      if (pre.struct('verbs_context') === undefined) continue;
      const alias = renamedStructs(pre, post);
      for (const struct of [...FROZEN, ...OPEN_ENDED]) {
        const [old, now] = [pre.struct(struct), post.struct(struct)];
        if (old === undefined || now === undefined) continue;
        const change = compareStructs(old, now, 'down');
        const say = (member: Member, what: string, side: 'pre' | 'post' = 'post'): void => {
          const data = { name: member.name, what, struct };
          report({ message: 'changed', path, side, line: member.line, symbol: `${struct}.${member.name}`, data });
        };
        const grown = OPEN_ENDED.includes(struct) ? [] : change.below;
        for (const member of [...change.above, ...change.between, ...grown]) say(member, 'new');
        for (const [, member] of change.moved) say(member, 'in another place');
        for (const member of change.removed) say(member, 'missing', 'pre');
        for (const [before, after] of [...change.kept, ...change.replaced]) {
          if (sameType(before.type, after.type, alias) || wrapsInUnion(before, after)) continue;
          if (before.slot && after.slot && (PLACEHOLDER.test(after.name) || PLACEHOLDER.test(before.name))) continue;
          say(after, `changed from \`${before.type.text}\``);
        }
      }
    }
  },
});
