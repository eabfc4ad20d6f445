// SPDX-License-Identifier: MIT
// Two slots of struct verbs_context for one verb, one for the driver and one for the library.
import { isVerbsHeader, PLACEHOLDER, sameType, slotChanges, type Member } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

/** Words that name a side and never a verb. A slot that begins with one of the first group is enough by itself. */
const SIDES = new Set(['drv', 'driver', 'lib', 'library', 'core', 'prov', 'provider']);
const ROLES = new Set([...SIDES, 'app', 'user', 'hw', 'impl', 'internal', 'priv', 'private', 'vendor', 'orig']);
const VERBS = new Set(
  (
    'create destroy alloc dealloc free reg rereg dereg open close query modify attach detach bind unbind post poll get set ' +
    'read write advise resize req notify import unimport export prefetch'
  ).split(' '),
);

const wordsOf = (name: string): string[] => name.replace(/^_+/, '').split('_');

/** What may be left of a slot's name when its side is taken away. Where the word taken away names no side, a verb must be left. */
function stems(name: string): string[] {
  const words = wordsOf(name);
  const [first = '', last = ''] = [words[0], words.at(-1)];
  const rest: string[][] = [];
  if (ROLES.has(first)) rest.push(words.slice(1), words.slice(2));
  if (ROLES.has(last)) rest.push(words.slice(0, -1), words.slice(1, -1));
  const byVerb = [words, words.slice(1), words.slice(2)].filter(
    left => left.length > 1 && left.some(word => VERBS.has(word)),
  );
  return [...rest, ...byVerb].filter(left => left.length > 0).map(left => left.join('_'));
}

/** The verb that both slots serve, if their names say so and their signatures are one. */
function sharedVerb(a: Member, b: Member): string | undefined {
  if (!sameType(a.type, b.type)) return undefined;
  const others = new Set(stems(b.name));
  return stems(a.name)
    .filter(stem => others.has(stem))
    .sort((left, right) => right.length - left.length)[0];
}

/** Whether the names say that these are two verbs: each has one of its own on what may be one object. */
function areTwoVerbs(a: Member, b: Member): boolean {
  const [left, right] = [a, b].map(({ name }) =>
    wordsOf(name)
      .filter(word => VERBS.has(word))
      .join(),
  );
  return left !== '' && right !== '' && left !== right;
}

/** Groups of slots with one signature whose names do not say that they are different verbs. */
function alike(slots: readonly Member[]): (readonly [Member, ...Member[]])[] {
  const asked = new Set<Member>();
  return slots.flatMap(first => {
    if (asked.has(first)) return [];
    const others = slots.filter(
      other => other !== first && !asked.has(other) && sameType(first.type, other.type) && !areTwoVerbs(first, other),
    );
    for (const each of [first, ...others]) if (others.length > 0) asked.add(each);
    return others.length === 0 ? [] : [[first, ...others] as const];
  });
}

export default defineRule({
  name: 'vctx-drv-lib-pair',
  meta: {
    severity: 'error',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'Two slots of struct verbs_context for one verb',
    why: 'A verb needs one function pointer in struct verbs_context. A pair of pointers, one for the driver and one for the library, wastes a slot that can never be taken back and lets providers fill the wrong one.',
    fix: 'Keep one slot a verb. If the library must wrap the driver, keep the driver’s op in the private verbs_context_ops (or behind `priv`) and install the wrapper in set_lib_ops().',
    references: [
      {
        commit: '501b53b30',
        says: 'consensus that separate lib_* and drv_* pointers were not needed and should not be done; undone a year later',
      },
      { commit: '389de6a6e', says: 'the pair that was merged' },
      { commit: '0c0dddaba', says: 'private verbs_context_ops with a default for every op' },
    ],
    milder: { question: 'info' },
    messages: {
      question:
        '`{first}` and {others} are new and have one signature. Are they two verbs? If both serve one, the second slot of struct verbs_context is one too many, and can never be taken back ' +
        '(501b53b30): keep one. If each does, nothing is to be done.',
      pair:
        '`{first}` and `{second}` are two slots of struct verbs_context for one verb, `{verb}`. One is enough: 501b53b30 (“Fix create/destroy flow API”) had to ' +
        'undo such a pair, and its placeholders stay in the ABI for ever. Keep a single slot; where the library must wrap the driver’s function, keep that ' +
        'function in the private verbs_context_ops and install the wrapper in set_lib_ops().',
      side:
        '`{first}` names a side, not a verb: a slot of struct verbs_context belongs to the driver and the library alike (501b53b30, “Fix create/destroy flow API”). ' +
        'Name it for its verb, and let the library wrap it through the private verbs_context_ops if it has to.',
    },
  },
  examples: {
    bad: [
      {
        title: 'a drv_ and a lib_ slot',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*query)(struct ibv_context *context);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post:
              'struct verbs_context {\n\tint (*drv_set_rate)(struct ibv_qp *qp, uint32_t rate);\n\tint (*lib_set_rate)(struct ibv_qp *qp,\n\t\t\t    uint32_t kbps);\n' +
              '\tint (*query)(struct ibv_context *context);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'pair',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.set_rate',
            data: { first: 'drv_set_rate', second: 'lib_set_rate', verb: 'set_rate' },
          },
        ],
      },
      {
        title: 'a pair under names of another fashion, one of them there already',
        files: [
          {
            path: 'include/infiniband/verbs.h',
            pre: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp, unsigned int rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*vendor_set_rate)(struct ibv_qp *qp, uint32_t rate);\n\tint (*set_rate)(struct ibv_qp *qp, unsigned int rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'pair',
            path: 'include/infiniband/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.set_rate',
            data: { first: 'vendor_set_rate', second: 'set_rate', verb: 'set_rate' },
          },
        ],
      },
      {
        title: 'sides at the end of the name, and a verb that nobody has heard of',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*ratelimit_drv)(struct ibv_qp *qp);\n\tint (*ratelimit_lib)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'pair',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.ratelimit',
            data: { first: 'ratelimit_drv', second: 'ratelimit_lib', verb: 'ratelimit' },
          },
        ],
      },
      {
        title: 'three slots of one signature, two of them new, whose names tell no two verbs',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*old_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*throttle)(struct ibv_qp *qp);\n\tint (*ratelimit)(struct ibv_qp *pair);\n\tint (*burst)(struct ibv_qp *qp, uint32_t size);\n\tint (*old_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'question',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.throttle, ratelimit',
            data: { first: 'throttle', others: '`ratelimit`' },
          },
        ],
      },
      {
        title: 'one slot that names its side',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*drv_set_rate)(struct ibv_qp *qp, uint32_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
        finds: [
          {
            message: 'side',
            path: 'libibverbs/verbs.h',
            side: 'post',
            line: 2,
            symbol: 'verbs_context.drv_set_rate',
            data: { first: 'drv_set_rate' },
          },
        ],
      },
    ],
    good: [
      {
        title: 'two verbs of one signature on one object, as their names say',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*drop_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*open_rate)(struct ibv_qp *qp);\n\tint (*close_rate)(struct ibv_qp *qp);\n\tint (*drop_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
      {
        title: 'two verbs of one signature on one object',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*attach_rate)(struct ibv_qp *qp, uint32_t rate);\n\tint (*detach_rate)(struct ibv_qp *qp, uint32_t rate);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
      {
        title: 'an old pair taken back to one slot and a placeholder',
        files: [
          {
            path: 'libibverbs/verbs.h',
            pre: 'struct verbs_context {\n\tint (*drv_set_rate)(struct ibv_qp *qp);\n\tint (*lib_set_rate)(struct ibv_qp *qp);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
            post: 'struct verbs_context {\n\tint (*set_rate)(struct ibv_qp *qp);\n\tvoid (*ABI_placeholder4)(void);\n\tsize_t sz;\n\tstruct ibv_context context;\n};\n',
          },
        ],
      },
    ],
    seen: [{ commit: '389de6a6ef4e', says: 'drv_ and lib_ slots for creating and destroying flows' }],
  },
  check: (view, report) => {
    for (const { file, post, change } of slotChanges(view.files)) {
      const { path } = file;
      const fresh = [...change.above, ...change.between, ...change.below, ...change.replaced.map(([, now]) => now)];
      const isSlot = (member: Member): boolean => member.slot && !PLACEHOLDER.test(member.name);
      const paired = new Set<string>();
      for (const first of fresh.filter(isSlot)) {
        if (paired.has(first.name)) continue;
        for (const second of post.members.filter(isSlot)) {
          const verb = second === first ? undefined : sharedVerb(first, second);
          if (verb === undefined || paired.has(second.name)) continue;
          paired.add(first.name).add(second.name);
          const data = { first: first.name, second: second.name, verb: verb.replace(/^ibv_/, '') };
          const witness = `${first.type.text}\n${second.type.text}`;
          report({
            message: 'pair',
            path,
            side: 'post',
            line: first.line,
            symbol: `verbs_context.${data.verb}`,
            data,
            witness,
          });
          break;
        }
        if (paired.has(first.name) || !SIDES.has(wordsOf(first.name)[0] ?? '')) continue;
        const symbol = `verbs_context.${first.name}`;
        report({ message: 'side', path, side: 'post', line: first.line, symbol, data: { first: first.name } });
        paired.add(first.name);
      }
      const rest = fresh.filter(member => isSlot(member) && !paired.has(member.name));
      for (const [first, ...others] of alike(rest)) {
        const names = others.map(({ name }) => `\`${name}\``).join(' and ');
        const symbol = `verbs_context.${[first, ...others].map(({ name }) => name).join(', ')}`;
        const data = { first: first.name, others: names };
        report({ message: 'question', path, side: 'post', line: first.line, symbol, data });
      }
    }
  },
});
