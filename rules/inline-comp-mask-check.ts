// SPDX-License-Identifier: MIT
// An inline wrapper that refuses comp_mask bits, flags or enum values it does not know.
import { freshFunctions, isInstalledHeader, tidy, unit, type Func, type Test } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

/** They choose between the old and the new op by comp_mask, or guard a struct that has had no bits since it was born. */
const DISPATCH = new Set(['ibv_create_srq_ex', 'ibv_create_qp_ex', 'ibv_query_device_ex']);
const FAILS = /\b(?:errno = |return -? ?)E[A-Z]+\b|return NULL|return - 1/;
const BEYOND = /& ~|[<>]=? (?:\( )?[A-Z]\w*(?:_RESERVED|_MAX|_LAST|_NUM)\b|>= \w*RESERVED/;

/** Tests by which an inline turns a caller's value into an error, with what they test. */
function validations(func: Func | undefined): { test: Test; what: string }[] {
  if (func?.body === undefined || !func.inline || DISPATCH.has(func.name)) return [];
  const masks = new Set(func.body.locals.filter(local => local.value?.includes('comp_mask')).map(local => local.name));
  const calls = (test: Test): boolean =>
    func.body?.calls.some(call => call.line >= test.line && call.endLine <= test.endLine) ?? false;
  return func.body.tests.flatMap(test => {
    const words = test.test.split(' ');
    const mask = words.includes('comp_mask') || words.some(word => masks.has(word));
    const flags = words.some(word => /(?:^|_)flags$/.test(word));
    const beyond = BEYOND.test(test.test);
    if (!FAILS.test(test.consequence) || calls(test) || !(mask || beyond) || (flags && !beyond)) return [];
    return [{ test, what: mask ? 'comp_mask' : flags ? 'flags' : 'an enum’s range' }];
  });
}

export default defineRule({
  name: 'inline-comp-mask-check',
  meta: {
    severity: 'warning',
    scope: 'series',
    reads: isInstalledHeader,
    readsText: 'installed headers',
    title: 'An inline wrapper checks comp_mask, flags or an enum’s range',
    why: 'The wrapper is part of the application, which may be built against a newer or an older libibverbs than it runs with. Only the library and the provider know which bits they support; a check in the wrapper refuses bits that they would take.',
    fix: 'Check in the library or the provider (check_comp_mask()), where the code that knows the bits is.',
    references: [
      { commit: '10553bb5d', says: '“comp_mask should never be tested in the inline trampolines”' },
      { commit: '4ace21184', says: 'where such a check came in' },
    ],
    messages: {
      validates:
        'The inline {func}() refuses values of {what} that it does not know (`{test}`). It is part of the application and may come from another libibverbs than the one it runs with: “comp_mask should never be tested in ' +
        'the inline trampolines” (10553bb5d). Pass the value on and check it in the library or the provider, with check_comp_mask().',
    },
  },
  examples: {
    bad: [
      {
        title: 'unknown comp_mask bits refused in the wrapper',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: '',
            post: 'static inline int ibv_set_rate(struct ibv_qp *qp, struct ibv_rate *rate)\n{\n\tif (rate->comp_mask & ~(IBV_RATE_RESERVED - 1))\n\t\treturn EINVAL;\n\treturn do_set_rate(qp, rate);\n}\n',
          },
        ],
        finds: [
          {
            message: 'validates',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 3,
            symbol: 'ibv_set_rate.comp_mask',
            data: { func: 'ibv_set_rate', what: 'comp_mask', test: '(rate->comp_mask & ~(IBV_RATE_RESERVED - 1))' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'the old function is called where no new bit is set',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: '',
            post: 'static inline int ibv_set_rate(struct ibv_qp *qp, struct ibv_rate *rate)\n{\n\tif (!(rate->comp_mask & ~IBV_RATE_OLD))\n\t\treturn ibv_set_old_rate(qp, rate->old);\n\treturn do_set_rate(qp, rate);\n}\n',
          },
        ],
      },
    ],
    seen: [
      { commit: '4ace2118493b', says: 'ibv_create_cq_ex() refuses unknown bits' },
      { commit: 'f4e6a85248fa', says: 'ibv_query_rt_values_ex() does the same' },
    ],
  },
  check: (view, report) => {
    for (const { path, pre, post } of view.files)
      for (const { now, before } of freshFunctions(unit(pre), unit(post))) {
        const old = new Set(validations(before).map(each => each.test.test));
        for (const { test, what } of validations(now)) {
          if (old.has(test.test)) continue;
          const data = { func: now.name, what, test: tidy(test.test) };
          const symbol = `${now.name}.${what === 'an enum’s range' ? 'range' : what}`;
          report({ message: 'validates', path, side: 'post', line: test.line, symbol, data });
        }
      }
  },
});
