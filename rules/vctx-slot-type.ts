// SPDX-License-Identifier: MIT
// An old slot of struct verbs_context with another prototype.
import { isVerbsHeader, renamedStructs, sameType, slotChanges } from '../app/abi/index.ts';
import { defineRule, shipped } from '../app/review/index.ts';

export default defineRule({
  name: 'vctx-slot-type',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'The prototype of an old slot of struct verbs_context changed',
    why: 'Programs compiled against a released header call the slot with the old prototype, through an inline wrapper that is part of the program. With another prototype behind the same place they pass the wrong arguments.',
    fix: 'Leave the old slot and add a new one with the new prototype at the top, as 2f2212c83 did for ibv_query_port.',
    references: [
      { commit: '2f2212c83', says: 'a new query_port slot, and a _compat_ type for the old one' },
      {
        commit: '92ad54bff',
        says: 'a change inside the cycle that introduced the slot: nothing had shipped, nothing broke',
      },
    ],
    messages: {
      retyped:
        'The slot `{name}` of struct verbs_context was `{from}` and is now `{to}`; {release}. Programs compiled before pass the old arguments to the new function. Leave this ' +
        'slot as it is and add one with the new prototype at the top of the struct, as 2f2212c83 did for ibv_query_port.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a parameter gets wider',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, uint32_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, uint64_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'retyped',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.set_rate',
            data: {
              name: 'set_rate',
              from: 'int (*set_rate)(struct ibv_qp *qp, uint32_t rate);',
              to: 'int (*set_rate)(struct ibv_qp *qp, uint64_t rate);',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
    ],
    good: [
      {
        title: 'const, an enum for an int, a parameter’s name',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, int kind, __be32 to);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*set_rate)(const struct ibv_qp *q, enum ibv_rate kind, uint32_t to);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
      {
        title: 'a slot that no release has',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, uint32_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, uint64_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        released: {
          tag: 'v1.0',
          files: { 'libibverbs/verbs.h': 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n' },
        },
      },
      {
        title: 'a struct renamed with all its members',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct ibv_rate_in { int a; };\nstruct verbs_context {\n\tint (*set_rate)(struct ibv_rate_in *in);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct ibv_rate_attr { int a; };\nstruct verbs_context {\n\tint (*set_rate)(struct ibv_rate_attr *in);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const { file, units, change } of slotChanges(view.files)) {
      const alias = renamedStructs(units.pre, units.post);
      for (const [old, now] of [...change.kept, ...change.moved]) {
        if (!(old.slot && now.slot) || sameType(old.type, now.type, alias)) continue;
        const holds = shipped(view, file.path, release =>
          Boolean(release.struct('verbs_context')?.members.some(each => each.name === old.name)),
        );
        if (holds.state === 'no') continue;
        const data = { name: now.name, from: old.type.text, to: now.type.text, release: holds.words };
        report({
          message: 'retyped',
          path: file.path,
          side: 'post',
          line: now.line,
          symbol: `verbs_context.${now.name}`,
          data,
        });
      }
    }
  },
});
