// SPDX-License-Identifier: MIT
// An old slot of struct verbs_context in another place among the others, or of another size.
import { isVerbsHeader, PLACEHOLDER, sameType, slotChanges, type Member } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

/** Types as wide as a pointer on every machine, or on all where rdma-core runs 64 bit programs. */
const WORD = new Set(['u64', 's64', 'ulong', 'slong', 'size_t', 'uintptr_t']);

const isWord = (member: Member): boolean => member.type.tokens.includes('*') || WORD.has(member.type.tokens[0] ?? '');

/** Whether one member can stand in for the other without moving what is above it. */
const sameSize = (a: Member, b: Member): boolean => sameType(a.type, b.type) || (isWord(a) && isWord(b));

export default defineRule({
  name: 'vctx-slot-moved',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'An old slot of struct verbs_context moved or changed its size',
    why: 'The inline wrappers of verbs.h are compiled into applications, with each slot’s distance from the end of struct verbs_context as a constant. An old member must stay where it is and as large as it is.',
    fix: 'Restore the order and the types of the old members. A slot that is no longer needed becomes an ABI_placeholder in the same place.',
    references: [
      { document: 'Documentation/contributing.md', says: 'breaking the ABI of any exported symbol is forbidden' },
      { commit: '501b53b30', says: 'kept every place when two slots went out of use' },
    ],
    messages: {
      moved:
        '`{name}` has another place among the old members of struct verbs_context. Compiled programs find it by its distance from the end of the struct, so they would now ' +
        'call something else (contributing.md forbids breaking the ABI of exported symbols). Put it back where it was.',
      resized:
        '`{name}` was `{from}` and is now `{to}`: the size of a member of struct verbs_context changes, and every slot above it moves away from where compiled programs ' +
        'look for it. Keep a member of the same size in this place, as 76743d7a4 did with `_ABI_placeholder3`.',
    },
  },
  examples: {
    bad: [
      {
        title: 'two old slots change places',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tint (*b)(int x);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*b)(int x);\n\tint (*a)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'moved',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 3,
            symbol: 'verbs_context.a',
            data: { name: 'a' },
          },
        ],
      },
      {
        title: 'a member shrinks',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tuint64_t mask;\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*a)(void);\n\tuint32_t mask;\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'resized',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 3,
            symbol: 'verbs_context.mask',
            data: { name: 'mask', from: 'uint64_t mask;', to: 'uint32_t mask;' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'an integer out of use becomes a placeholder of its size',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*a)(void);\n\tuint64_t has_mask;\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*fresh)(void);\n\tint (*a)(void);\n\tuint64_t _ABI_placeholder4;\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const { file, change } of slotChanges(view.files)) {
      const at = (member: Member) => ({
        path: file.path,
        side: 'post' as const,
        line: member.line,
        symbol: `verbs_context.${member.name}`,
      });
      for (const [, now] of change.moved) report({ message: 'moved', ...at(now), data: { name: now.name } });
      for (const [old, now] of [...change.kept, ...change.replaced.filter(([, each]) => PLACEHOLDER.test(each.name))])
        if (!(old.slot && now.slot) && !sameSize(old, now))
          report({ message: 'resized', ...at(now), data: { name: old.name, from: old.type.text, to: now.type.text } });
    }
  },
});
