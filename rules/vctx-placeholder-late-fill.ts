// SPDX-License-Identifier: MIT
// The compat placeholders of verbs_context set before the provider has filled the real slots, or no longer at all.
import { isLibraryText, mayBeLibrary, unit, type Assignment, type Func } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

const PLACE = /(?:->|\.)(_?ABI_placeholder\d+)$/;
/** Calls by which the library lets a provider fill its slots. */
const PROVIDER = /(?:->|\.)(?:init_context|alloc_context|import_context)$/;

const fills = (func: Func): Assignment[] => func.body?.assignments.filter(each => PLACE.test(each.left)) ?? [];
const slotOf = (fill: Assignment): string => PLACE.exec(fill.left)?.[1] ?? '';

/** In time: where the library sets its own ops, or behind a provider's call in the same function. */
function inTime(func: Func, fill: Assignment): boolean {
  if (func.name === 'set_lib_ops') return true;
  return Boolean(func.body?.calls.some(call => PROVIDER.test(call.callee) && call.line < fill.line));
}

export default defineRule({
  name: 'vctx-placeholder-late-fill',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: mayBeLibrary,
    readsText: 'the C sources of libibverbs',
    wakes: /ABI_placeholder/,
    title: 'A compat placeholder of verbs_context filled too early or not at all',
    why: 'Programs built against libibverbs 1.1.8 call ibv_create_flow() through the slots that are now placeholders. The library must copy the real ops there after the provider has set them: a copy made earlier is a copy of NULL.',
    fix: 'Copy in set_lib_ops(), which runs after the provider’s alloc_context.',
    references: [
      {
        commit: '88789b7ba',
        says: 'the assignment must be after the provider populated the slots; found two and a half years later',
      },
      { commit: '1111cf989', says: 'the re-ordering that made it a copy of NULL' },
    ],
    messages: {
      early:
        '{func}() sets `{slot}` before the provider has filled the slot that is copied, so the copy is NULL and programs built against libibverbs 1.1.8 lose the verb. This slipped in once with ' +
        '1111cf989 and was found two and a half years later (88789b7ba). Set it in set_lib_ops(), after the provider’s alloc_context.',
      dropped:
        'Nothing sets `{slot}` any more: programs built against libibverbs 1.1.8 call through it and would find NULL (88789b7ba). Set it in set_lib_ops(), after the provider’s alloc_context.',
    },
  },
  examples: {
    bad: [
      {
        title: 'the copy moves in front of the provider',
        files: [
          {
            path: 'libibverbs/device.c',
            pre: 'static void open(struct verbs_context *c)\n{\n\tc->dev->ops->init_context(c);\n\tc->ABI_placeholder1 = (void (*)(void))c->create;\n}\n',
            post: 'static void setup(struct verbs_context *c)\n{\n\tc->ABI_placeholder1 = (void (*)(void))c->create;\n}\n\nstatic void open(struct verbs_context *c)\n{\n\tsetup(c);\n\tc->dev->ops->init_context(c);\n}\n',
          },
        ],
        finds: [
          {
            message: 'early',
            path: 'libibverbs/device.c',
            side: 'post',
            line: 3,
            symbol: 'setup.ABI_placeholder1',
            data: { func: 'setup', slot: 'ABI_placeholder1' },
          },
        ],
      },
      {
        title: 'the copy is deleted',
        files: [
          {
            path: 'libibverbs/device.c',
            pre: 'static void set_lib_ops(struct verbs_context *c)\n{\n\tc->ABI_placeholder1 = (void (*)(void))c->create;\n\tc->query = query;\n}\n',
            post: 'static void set_lib_ops(struct verbs_context *c)\n{\n\tc->query = query;\n}\n',
          },
        ],
        finds: [
          {
            message: 'dropped',
            path: 'libibverbs/device.c',
            side: 'pre',
            line: 3,
            symbol: 'ABI_placeholder1',
            data: { slot: 'ABI_placeholder1' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'the copy moves into set_lib_ops()',
        files: [
          {
            path: 'libibverbs/device.c',
            pre: 'static void setup(struct verbs_context *c)\n{\n\tc->ABI_placeholder1 = (void (*)(void))c->create;\n}\n',
            post: 'static void set_lib_ops(struct verbs_context *vctx)\n{\n\tvctx->ABI_placeholder1 =\n\t\t(void (*)(void))vctx->create;\n}\n',
          },
        ],
      },
    ],
    seen: [{ commit: '1111cf9895bb', says: 'the copy moves to verbs_init_context(), which runs before the provider' }],
  },
  check: (view, report) => {
    const library = view.files.filter(file => isLibraryText(file.path, file.post ?? file.pre ?? ''));
    const after = library.flatMap(file => unit(file.post).functions('ABI_placeholder').flatMap(fills)).map(slotOf);
    for (const file of library) {
      const { path } = file;
      const before = unit(file.pre).functions('ABI_placeholder');
      const wasEarly = new Set(
        before.flatMap(func =>
          fills(func)
            .filter(fill => !inTime(func, fill))
            .map(fill => func.name + slotOf(fill)),
        ),
      );
      for (const func of unit(file.post).functions('ABI_placeholder'))
        for (const fill of fills(func)) {
          const slot = slotOf(fill);
          if (inTime(func, fill) || wasEarly.has(func.name + slot)) continue;
          report({
            message: 'early',
            path,
            side: 'post',
            line: fill.line,
            symbol: `${func.name}.${slot}`,
            data: { func: func.name, slot },
          });
        }
      for (const fill of before.flatMap(fills)) {
        const slot = slotOf(fill);
        if (after.includes(slot)) continue;
        report({ message: 'dropped', path, side: 'pre', line: fill.line, symbol: slot, data: { slot } });
      }
    }
  },
});
