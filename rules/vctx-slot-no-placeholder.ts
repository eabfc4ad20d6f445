// SPDX-License-Identifier: MIT
// A slot of struct verbs_context that goes out of use and leaves no placeholder.
import { isVerbsHeader, PLACEHOLDER, sameType, slotChanges } from '../app/abi/index.ts';
import { defineRule, shipped } from '../app/review/index.ts';

export default defineRule({
  name: 'vctx-slot-no-placeholder',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'A slot of struct verbs_context removed or given to another verb',
    why: 'A slot that is deleted lets everything above it slide towards the end of the struct, where compiled programs look for something else. A slot that is given to another verb is called by programs that still believe in the first.',
    fix: 'Leave `void (*ABI_placeholderN)(void);`, or an integer of the same size, in its place.',
    references: [
      { commit: '501b53b30', says: 'ABI_placeholder1 and 2 in place of the slots that went' },
      { commit: '76743d7a4', says: 'uint64_t _ABI_placeholder3 in place of has_comp_mask' },
    ],
    messages: {
      removed:
        '`{name}` is gone from struct verbs_context and nothing stands in its place; {release}. Every slot above it moves, and compiled programs call the wrong function. Leave ' +
        '`void (*ABI_placeholderN)(void);` there, as 501b53b30 did.',
      reused:
        'The place of `{name}` in struct verbs_context now holds `{other}`, which has another type; {release}. A program compiled before calls the new function and believes it is `{name}`. ' +
        'Leave `void (*ABI_placeholderN)(void);` in this place (501b53b30) and add `{other}` at the top.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a slot deleted',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tint (*b)(int x);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*a)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'removed',
            path: 'libibverbs/verbs.h',
            side: 'pre',
            line: 3,
            symbol: 'verbs_context.b',
            data: {
              name: 'b',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
      {
        title: 'a slot given to another verb',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tint (*b)(int x);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*a)(void);\n\tvoid *(*c)(char *name);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'reused',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 3,
            symbol: 'verbs_context.b',
            data: {
              name: 'b',
              other: 'c',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
    ],
    good: [
      {
        title: 'a placeholder in the place of the slot, and another slot renamed',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tint (*b)(int x);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*better_a)(void);\n\tvoid (*ABI_placeholder4)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
      {
        title: 'a slot that no release has shipped is taken back',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        released: {
          tag: 'v1.0',
          files: { 'libibverbs/verbs.h': 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n' },
        },
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const { file, change } of slotChanges(view.files)) {
      const { path } = file;
      const release = (name: string) =>
        shipped(view, path, unit => Boolean(unit.struct('verbs_context')?.members.some(each => each.name === name)));
      for (const old of change.removed) {
        const { state, words } = release(old.name);
        if (state === 'no' || old.name === 'sz' || old.name === 'context') continue;
        report({
          message: 'removed',
          path,
          side: 'pre',
          line: old.line,
          symbol: `verbs_context.${old.name}`,
          data: { name: old.name, release: words },
        });
      }
      for (const [old, now] of change.replaced) {
        if (PLACEHOLDER.test(now.name) || sameType(old.type, now.type)) continue;
        const { state, words } = release(old.name);
        if (state === 'no') continue;
        const data = { name: old.name, other: now.name, release: words };
        report({ message: 'reused', path, side: 'post', line: now.line, symbol: `verbs_context.${old.name}`, data });
      }
    }
  },
});
