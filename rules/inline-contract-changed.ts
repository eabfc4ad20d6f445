// SPDX-License-Identifier: MIT
// An inline wrapper or a default op that answers otherwise than before, or a wrapper that is no wrapper any more.
import { freshFunctions, goneFunctions, isInstalledHeader, isSource, unit, type Func } from '../app/abi/index.ts';
import { defineRule, shipped } from '../app/review/index.ts';

const isDummyOps = (path: string): boolean => isSource(path) && /(^|\/)dummy_ops\.c$/.test(path);

/** The errno values that a function returns or sets, sorted. */
function errors(func: Func): string {
  const said = [
    ...(func.body?.returns.map(each => each.value) ?? []),
    ...(func.body?.assignments.filter(each => each.left === 'errno').map(each => each.right) ?? []),
  ];
  return [...new Set(said.join(' ').match(/\bE[A-Z][A-Z0-9]{2,}\b/g) ?? [])].sort().join(', ');
}

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
        'The inline {func}() gave {from} and now gives {to}; {release}. Programs may test for the old value, and compiled ones keep the old wrapper (58ccb638b had to take such a change back). Keep the old value, or let callers accept both and say in the log why nobody depends on it.',
      dummy:
        'The default op{plural} {funcs} gave {from} and now give{s} {to}. Wrappers compiled into programs fall back on the old value alone: “Returning EOPNOTSUPP broke compatibility with apps compiled against older rdma-core” (58ccb638b). Keep the old value where a released wrapper tests for it.',
      outlined:
        '{func}() was an inline and is now a plain function; {release}. Programs dlopen the library or copy the inline (pull request 1384). If it must be a function, export it in the map under an open node and keep the inline’s behaviour.',
      removed:
        'The inline {func}() is gone; {release}. Programs that use it no longer compile. Keep it, or say in the log why nobody can be using it.',
    },
  },
  examples: {
    bad: [
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
              func: 'ibv_set_rate',
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
            symbol: 'ENOSYS to EOPNOTSUPP',
            data: { plural: 's', s: '', funcs: 'a, b', from: 'ENOSYS', to: 'EOPNOTSUPP' },
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
              func: 'ibv_a',
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
              func: 'ibv_b',
              release: 'no release tag was found to compare with, so the base counts as released',
            },
          },
        ],
      },
    ],
    good: [
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
    const inline = (func: Func | undefined): boolean => func?.body !== undefined && func.inline;
    const after = view.files.map(file => unit(file.post));
    for (const file of view.files) {
      const { path } = file;
      const [pre, post] = [unit(file.pre), unit(file.post)];
      const holds = (name: string) => shipped(view, path, release => release.func(name) !== undefined);
      const dummies = new Map<string, Func[]>();
      for (const { now, before } of freshFunctions(pre, post)) {
        if (before === undefined) continue;
        const [from, to] = [errors(before), errors(now)];
        const release = holds(now.name);
        if (isDummyOps(path)) {
          if (from !== to && before.body !== undefined)
            dummies.set(`${from} to ${to}`, [...(dummies.get(`${from} to ${to}`) ?? []), now]);
          continue;
        }
        if (
          !inline(before) ||
          release.state === 'no' ||
          (post.func(now.name)?.body !== undefined && now.body === undefined)
        )
          continue;
        const place = { path, side: 'post' as const, line: now.line, symbol: now.name };
        const data = { func: now.name, release: release.words };
        if (!inline(now)) report({ message: 'outlined', ...place, data });
        else if (from !== to)
          report({ message: 'errno', ...place, data: { ...data, from: from || 'no error', to: to || 'no error' } });
      }
      for (const [symbol, funcs] of dummies) {
        const [from = '', to = ''] = symbol.split(' to ');
        const names = funcs.map(func => func.name);
        const list =
          names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
        const data = {
          plural: names.length > 1 ? 's' : '',
          s: names.length > 1 ? '' : 's',
          funcs: list,
          from: from || 'no error',
          to: to || 'no error',
        };
        report({ message: 'dummy', path, side: 'post', line: funcs[0]?.line ?? 0, symbol, data });
      }
      if (isDummyOps(path)) continue;
      for (const gone of goneFunctions(pre, post)) {
        const release = holds(gone.name);
        if (!inline(gone) || release.state === 'no' || after.some(other => other.func(gone.name) !== undefined))
          continue;
        if (post.macro(gone.name) !== undefined) continue;
        report({
          message: 'removed',
          path,
          side: 'pre',
          line: gone.line,
          symbol: gone.name,
          data: { func: gone.name, release: release.words },
        });
      }
    }
  },
});
