// SPDX-License-Identifier: MIT
// An inline wrapper or a default op that answers otherwise than before, or a wrapper that is no wrapper any more.
import { freshFunctions, goneFunctions, isInstalledHeader, isSource, unit, type Func } from '../app/abi/index.ts';
import { defineRule, redirected, replaced, shipped } from '../app/review/index.ts';

const isDummyOps = (path: string): boolean => isSource(path) && /(^|\/)dummy_ops\.c$/.test(path);

interface Group {
  readonly message: string;
  readonly funcs: readonly Func[];
  readonly data: Readonly<Record<string, string>>;
}

/** The errno values that a function returns or sets, sorted. */
function errors(func: Func): string[] {
  const said = [
    ...(func.body?.returns.map(each => each.value) ?? []),
    ...(func.body?.assignments.filter(each => each.left === 'errno').map(each => each.right) ?? []),
  ];
  return [...new Set(said.join(' ').match(/\bE[A-Z][A-Z0-9]{2,}\b/g) ?? [])].sort();
}

const TWO_SLOTS =
  'struct verbs_context {\n\tint (*set_rate_ex)(struct ibv_qp *qp);\n\tint (*set_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n};\n';
const wrapper = (slot: string): string =>
  `static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tstruct verbs_context *vctx = verbs_get_ctx_op(qp->context, ${slot});\n\n\tif (!vctx)\n\t\treturn EOPNOTSUPP;\n\treturn vctx->${slot}(qp);\n}\n`;

export default defineRule({
  name: 'inline-contract-changed',
  meta: {
    severity: 'warning',
    scope: 'series',
    reads: path => isInstalledHeader(path) || isDummyOps(path),
    readsText: "installed headers, and libibverbs' dummy_ops.c",
    title: 'An inline wrapper or a default op answers otherwise than before',
    why: 'The wrappers of released headers live on in compiled programs, and some fall back to an older verb on one errno value alone. The library has to go on giving that value; and an inline that vanishes or becomes a function changes what programs link against.',
    fix: 'Keep the old value for old callers and let new wrappers accept both; give a replacement for an inline an exported symbol in the map.',
    references: [
      {
        commit: '58ccb638b',
        says: '“Returning EOPNOTSUPP broke compatibility with apps compiled against older rdma-core”',
      },
      { commit: 'c28410765', says: 'the change that did' },
      {
        document: 'rdma-core pull request 1384',
        says: 'objections to turning an inline into a symbol: users dlopen and copy it',
      },
    ],
    messages: {
      errno:
        '{funcs} used to answer {from}; the answer is now {to} ({release}). Programs that are compiled keep the old wrapper and may test for the old value: “Returning EOPNOTSUPP broke compatibility ' +
        'with apps compiled against older rdma-core” (58ccb638b). Keep the old value, or let new wrappers accept both and say in the log why nobody depends on the old one.',
      slot:
        '{funcs} used to call the slot {from} and now calls {to} ({release}). Programs that are compiled go on calling {from}, and new ones find nothing at {to} in an older library. Have the library fill ' +
        'both for ever, the old one after the provider has set its ops (it was too early from 1111cf989 to 88789b7ba, and flows failed in old programs), and say so in the log.',
      dummy:
        'The default of {funcs} used to answer {from}; the answer is now {to}. Wrappers compiled into programs fall back on the old value alone: “Returning EOPNOTSUPP broke compatibility with apps ' +
        'compiled against older rdma-core” (58ccb638b). Keep the old value where a released wrapper tests for it.',
      outlined:
        'No longer inline but a plain function: {funcs} ({release}). Programs dlopen the library or copy the inline (pull request 1384). If it must be a function, export it in the map under a node ' +
        'that is still open, and keep the behaviour of the inline.',
      removed:
        'Gone from this header: the inline {funcs} ({release}). Programs that use it no longer compile. Keep it, or say in the log why nobody can be using it.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a wrapper that answers as before and calls another slot',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: `${TWO_SLOTS}${wrapper('set_rate')}`,
            post: `${TWO_SLOTS}${wrapper('set_rate_ex')}`,
          },
        ],
        finds: [
          {
            message: 'slot',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 6,
            symbol: 'ibv_set_rate.set_rate',
            data: {
              funcs: 'ibv_set_rate()',
              from: 'set_rate',
              to: 'set_rate_ex',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
      {
        title: 'the old slot’s place is kept, and nobody fills it',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: `${TWO_SLOTS}${wrapper('set_rate')}`,
            post: `${TWO_SLOTS.replace('set_rate)', 'ABI_placeholder9)')}${wrapper('set_rate_ex')}`,
          },
        ],
        finds: [
          {
            message: 'slot',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 6,
            symbol: 'ibv_set_rate.set_rate',
            data: {
              funcs: 'ibv_set_rate()',
              from: 'set_rate',
              to: 'set_rate_ex',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
      {
        title: 'another errno in a wrapper',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tif (!qp)\n\t\treturn ENOSYS;\n\treturn 0;\n}\n',
            post: 'static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tif (!qp)\n\t\treturn EOPNOTSUPP;\n\treturn 0;\n}\n',
          },
        ],
        finds: [
          {
            message: 'errno',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 1,
            symbol: 'ibv_set_rate',
            data: {
              funcs: 'ibv_set_rate()',
              from: 'ENOSYS',
              to: 'EOPNOTSUPP',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
      {
        title: 'another errno in two default ops',
        files: [
          {
            path: 'libibverbs/dummy_ops.c',
            pre: 'static int a(void)\n{\n\treturn ENOSYS;\n}\n\nstatic void *b(void)\n{\n\terrno = ENOSYS;\n\treturn NULL;\n}\n',
            post: 'static int a(void)\n{\n\treturn EOPNOTSUPP;\n}\n\nstatic void *b(void)\n{\n\terrno = EOPNOTSUPP;\n\treturn NULL;\n}\n',
          },
        ],
        finds: [
          {
            message: 'dummy',
            path: 'libibverbs/dummy_ops.c',
            side: 'post',
            line: 1,
            symbol: 'dummy ENOSYS to EOPNOTSUPP',
            data: { funcs: 'a(), b()', from: 'ENOSYS', to: 'EOPNOTSUPP' },
          },
        ],
      },
      {
        title: 'an inline becomes a function, another is deleted',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'static inline int ibv_a(void)\n{\n\treturn 1;\n}\n\nstatic inline int ibv_b(void)\n{\n\treturn 2;\n}\n',
            post: 'int ibv_a(void);\n',
          },
        ],
        finds: [
          {
            message: 'outlined',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 1,
            symbol: 'ibv_a',
            data: {
              funcs: 'ibv_a()',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
          {
            message: 'removed',
            path: 'libibverbs/verbs.h',
            side: 'pre',
            line: 6,
            symbol: 'ibv_b',
            data: {
              funcs: 'ibv_b()',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
    ],
    good: [
      {
        title: 'the slot renamed where it stands; a new slot tried first, the old one still called',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: `${TWO_SLOTS}${wrapper('set_rate')}`,
            post: `${TWO_SLOTS.replace('set_rate)', 'apply_rate)')}${wrapper('apply_rate')}`,
          },
          {
            path: 'libibverbs/verbs_api.h',
            pre: wrapper('set_rate'),
            post: wrapper('set_rate').replace(
              '\treturn',
              '\tif (qp->wide)\n\t\treturn vctx->set_rate_ex(qp);\n\treturn',
            ),
          },
        ],
      },
      {
        title: 'the old slot’s place kept as a placeholder, which the library fills',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: `${TWO_SLOTS}${wrapper('set_rate')}`,
            post: `${TWO_SLOTS.replace('set_rate)', 'ABI_placeholder9)')}${wrapper('set_rate_ex')}`,
          },
          {
            path: 'libibverbs/device.c',
            pre: 'static void set_lib_ops(struct verbs_context *vctx)\n{\n}\n',
            post: 'static void set_lib_ops(struct verbs_context *vctx)\n{\n\tvctx->ABI_placeholder9 = (void (*)(void))vctx->set_rate_ex;\n}\n',
          },
        ],
      },
      {
        title: 'a check of comp_mask taken out of a wrapper, errno set where nothing was said',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'static inline int ibv_a(int x)\n{\n\tif (x)\n\t\treturn EINVAL;\n\treturn 1;\n}\n\nstatic inline void *ibv_b(void *p)\n{\n\treturn p;\n}\n',
            post: 'static inline int ibv_a(int x)\n{\n\treturn 1;\n}\n\nstatic inline void *ibv_b(void *p)\n{\n\tif (!p)\n\t\terrno = ENOSYS;\n\treturn p;\n}\n',
          },
        ],
      },
      {
        title: 'a variable renamed, a cast, other white space, and a comment',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'static inline int ibv_set_rate(struct ibv_qp *qp)\n{\n\tif (!qp)\n\t\treturn ENOSYS;\n\treturn qp->x;\n}\n',
            post: 'static inline int\nibv_set_rate(struct ibv_qp *pair)\n{\n        /* nothing there */\n        if (!pair)\n                return ENOSYS;\n        return (int)pair->x;\n}\n',
          },
        ],
      },
    ],
    seen: [{ commit: 'c28410765bdf', says: 'ENOSYS becomes EOPNOTSUPP in every default op' }],
  },
  check: (view, report) => {
    const after = view.files.map(file => unit(file.post));
    for (const file of view.files) {
      const { path } = file;
      const [pre, post] = [unit(file.pre), unit(file.post)];
      const groups = new Map<string, Group>();
      // Functions that change alike are one finding: a sweep over a header is one decision.
      const add = (message: string, func: Func, said: { from?: string; to?: string } = {}): void => {
        const release = shipped(view, path, held => held.func(func.name) !== undefined);
        if (release.state === 'no' && message !== 'dummy') return;
        const key = [message, ...(said.from === undefined ? [] : [said.from, 'to', said.to])].join(' ');
        const group = groups.get(key) ?? { message, funcs: [], data: { ...said, release: release.words } };
        groups.set(key, { ...group, funcs: [...group.funcs, func] });
      };
      for (const { now, before } of freshFunctions(pre, post)) {
        if (before?.body === undefined || (now.body === undefined && post.func(now.name)?.body !== undefined)) continue;
        const said = replaced(errors(before), errors(now));
        if (isDummyOps(path)) {
          if (said !== undefined) add('dummy', now, said);
        } else if (before.inline && !now.inline) add('outlined', now);
        else if (before.inline) {
          if (said !== undefined) add('errno', now, said);
          const moved = redirected({ before, now }, { pre, post }, view);
          if (moved !== undefined) add('slot', now, moved);
        }
      }
      for (const gone of isDummyOps(path) ? [] : goneFunctions(pre, post)) {
        if (gone.body === undefined || !gone.inline || post.macro(gone.name) !== undefined) continue;
        if (!after.some(other => other.func(gone.name) !== undefined)) add('removed', gone);
      }
      for (const [key, { message, funcs, data }] of groups) {
        const names = funcs.map(func => `${func.name}()`);
        const more =
          names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
        const [first] = funcs;
        if (first === undefined) continue;
        report({
          ...{ message, path, side: message === 'removed' ? 'pre' : 'post', line: first.line },
          ...{
            symbol: funcs.length > 1 ? key : message === 'slot' ? `${first.name}.${data['from'] ?? ''}` : first.name,
            data: { ...data, funcs: more },
          },
        });
      }
    }
  },
});
