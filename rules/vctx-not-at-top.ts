// SPDX-License-Identifier: MIT
// A new slot of struct verbs_context that is not above all the old ones.
import { isVerbsHeader, slotChanges } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

export default defineRule({
  name: 'vctx-not-at-top',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'A new slot of struct verbs_context below an old one',
    why: 'An application finds verbs_context by going backwards from the ibv_context at its end, so every slot is known by its distance from the end. A member put below an old slot pushes that slot away from where compiled programs look for it, and they call something else.',
    fix: 'Put new members directly below the comment “grows up - new fields go here”, above every old member.',
    references: [
      { commit: '6be16586e', says: 'the struct grows at its start; sz says how far up an application may look' },
      { document: 'libibverbs/verbs.h', says: '“grows up” - new fields go here' },
    ],
    messages: {
      between:
        '`{name}` is a new member of struct verbs_context, but stands below the old `{above}`: that slot and every one above it move, and programs that are already ' +
        'compiled would call the wrong function. The struct grows at its start (“grows up”, 6be16586e). Move `{name}` to the top, directly below that comment.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a slot between two old ones',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\t/*  "grows up" - new fields go here */\n\tint (*a)(void);\n\tint (*b)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\t/*  "grows up" - new fields go here */\n\tint (*a)(void);\n\tint (*fresh)(int);\n\tint (*b)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'between',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 4,
            symbol: 'verbs_context.fresh',
            data: { name: 'fresh', above: 'a' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'two slots at the top, and every line of the struct re-indented',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\t/*  "grows up" - new fields go here */\n\tint (*a)(void);\n\tsize_t   sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n        /* "grows up" - new fields go here */\n        int (*c)(int);\n        int (*b)(int);\n        int (*a)(void);\n        size_t sz;\n        struct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const { file, post, change } of slotChanges(view.files)) {
      const sz = post.members.findIndex(member => member.name === 'sz');
      for (const member of change.between) {
        const at = post.members.indexOf(member);
        if (sz !== -1 && at > sz) continue; // vctx-tail-fixed speaks of those
        const old = post.members
          .slice(0, at)
          .findLast(each => !change.between.includes(each) && !change.above.includes(each));
        const data = { name: member.name, above: old?.name ?? '' };
        report({
          message: 'between',
          path: file.path,
          side: 'post',
          line: member.line,
          symbol: `verbs_context.${member.name}`,
          data,
        });
      }
    }
  },
});
