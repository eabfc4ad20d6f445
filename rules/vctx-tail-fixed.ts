// SPDX-License-Identifier: MIT
// The end of struct verbs_context, `sz` and the embedded ibv_context, from which every slot is counted.
import { compareStructs, isVerbsHeader, sameType, unit } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

export default defineRule({
  name: 'vctx-tail-fixed',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'The end of struct verbs_context changed',
    why: 'verbs_get_ctx() steps back from the ibv_context that an application holds, and verbs_get_ctx_op() reads sz directly in front of it. A member between or behind them, or a change of struct ibv_context itself, moves all slots at once.',
    fix: 'Leave `sz`, `context` and struct ibv_context alone; add to the top of struct verbs_context.',
    references: [
      {
        document: 'libibverbs/verbs.h',
        says: '“Must be immediately before struct ibv_context”, “Must be last field in the struct”',
      },
      { commit: '6be16586e', says: 'abi_compat in struct ibv_context marks the extended struct around it' },
    ],
    messages: {
      tail:
        'struct verbs_context must end with `size_t sz` and `struct ibv_context context` (“Must be last field in the struct”, verbs.h); it now ends with `{tail}`. Applications step ' +
        'back from the embedded context, so everything they look for has moved. Put `{name}` at the top of the struct instead.',
      context:
        'struct ibv_context is embedded at the end of struct verbs_context and allocated by every library ever shipped: `{name}` is {what} there, which moves `sz` and all slots ' +
        '(6be16586e). Leave struct ibv_context as it is; state goes to the top of struct verbs_context or into its private data.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a member between sz and context',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*a)(void);\n\tsize_t sz;\n\tuint64_t flags;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'tail',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 4,
            symbol: 'verbs_context.flags',
            data: { name: 'flags', tail: 'sz, flags, context' },
          },
        ],
      },
      {
        title: 'struct ibv_context grows',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct ibv_context {\n\tint cmd_fd;\n\tvoid *abi_compat;\n};\n\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct ibv_context {\n\tint cmd_fd;\n\tvoid *abi_compat;\n\tint flags;\n};\n\nstruct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'context',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 4,
            symbol: 'ibv_context.flags',
            data: { name: 'flags', what: 'new' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'a slot at the top and other words in the comments of the tail',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tsize_t sz; /* before */\n\tstruct ibv_context context; /* last */\n};\n',
            post: 'struct verbs_context {\n\tint (*b)(void);\n\tint (*a)(void);\n\tsize_t   sz;\t/* Must be before context */\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const file of view.files) {
      const { path } = file;
      const [pre, post] = [unit(file.pre), unit(file.post)];
      const [oldSlots, slots] = [pre.struct('verbs_context'), post.struct('verbs_context')];
      if (oldSlots === undefined || slots === undefined) continue;
      const ends = (names: readonly string[]): boolean => names.at(-1) === 'context' && names.at(-2) === 'sz';
      const names = slots.members.map(member => member.name);
      if (ends(oldSlots.members.map(member => member.name)) && !ends(names)) {
        const old = new Set(oldSlots.members.map(member => member.name));
        const from = Math.max(0, names.indexOf('sz'));
        const tail = slots.members.slice(from);
        const guilty = tail.find(member => !old.has(member.name)) ?? tail.at(-1);
        if (guilty !== undefined) {
          const data = { name: guilty.name, tail: names.slice(from).join(', ') };
          report({
            message: 'tail',
            path,
            side: 'post',
            line: guilty.line,
            symbol: `verbs_context.${guilty.name}`,
            data,
          });
        }
      }
      const [oldContext, context] = [pre.struct('ibv_context'), post.struct('ibv_context')];
      if (oldContext === undefined || context === undefined) continue;
      const change = compareStructs(oldContext, context, 'down');
      const say = (member: { name: string; line: number }, what: string, side: 'pre' | 'post' = 'post'): void =>
        report({
          message: 'context',
          path,
          side,
          line: member.line,
          symbol: `ibv_context.${member.name}`,
          data: { name: member.name, what },
        });
      for (const member of [...change.above, ...change.between, ...change.below]) say(member, 'new');
      for (const [, member] of change.moved) say(member, 'in another place');
      for (const member of change.removed) say(member, 'missing', 'pre');
      for (const [old, now] of [...change.kept, ...change.replaced])
        if (!sameType(old.type, now.type)) say(now, `changed from \`${old.type.text}\``);
    }
  },
});
