// SPDX-License-Identifier: MIT
// Which expressions of a provider's C text stand for its struct verbs_context. By declarations where they are in sight, else by
// what the text itself does with a member; the header that declares a provider's own context is seldom part of a series. Pure.
import type { Func, Member } from './facts.ts';
import type { Unit } from './unit.ts';

/** Functions of driver.h whose first argument is a `struct verbs_context *`. */
const TAKERS = new Set(['verbs_set_ops', 'verbs_init_context', 'verbs_uninit_context', 'verbs_set_ctx_op']);
/** Macros and functions whose value is one. */
const GIVERS = /^verbs_get_ctx(?:_op)?\(/;

const isContext = (each: { readonly type: Member['type'] }): boolean => each.type.tokens.includes('verbs_context');

/** `x` of `a->b.x`, `a.x[0]` and `&a->x`; undefined where the expression does not end in a member. */
export function lastMember(expression: string): string | undefined {
  return /(?:->|\.)(\w+)(?:\[[^\]]*\])?$/.exec(bare(expression))?.[1];
}

/** Without brackets around all of it, address-of and dereference: they change how it is reached and not what it is. */
function bare(expression: string): string {
  let text = expression.trim();
  for (;;) {
    if (/^[&*]/.test(text)) text = text.slice(1).trimStart();
    else if (text.startsWith('(') && closing(text) === text.length - 1) text = text.slice(1, -1).trim();
    else return text;
  }
}

/** Where the bracket closes that the text begins with. */
function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Names of members that are a struct verbs_context, or point to one, in these texts. */
export function contextMembers(units: readonly Unit[]): Set<string> {
  const names = new Set<string>();
  const look = (members: readonly Member[]): void => {
    for (const member of members) {
      if (isContext(member)) names.add(member.name);
      look(member.members ?? []);
    }
  };
  const add = (name: string | undefined): void => void (name === undefined || names.add(name));
  for (const unit of units) {
    for (const struct of unit.structs('verbs_context')) look(struct.members);
    for (const { body } of unit.functions('verbs_'))
      for (const { callee, args } of body?.calls ?? []) {
        if (TAKERS.has(callee)) add(lastMember(args[0] ?? ''));
        // verbs_init_and_alloc_context(device, fd, pointer, member, driver)
        else if (callee === 'verbs_init_and_alloc_context') add(args[3]?.split('.').at(-1));
      }
  }
  return names;
}

/** A test for expressions in one function: true where it is a struct verbs_context or points to one. `members` is asked last. */
export function contextTest(func: Func, members: () => ReadonlySet<string>): (expression: string) => boolean {
  const named = new Set([...func.params, ...(func.body?.locals ?? [])].filter(isContext).map(each => each.name));
  return expression => {
    const text = bare(expression);
    const member = lastMember(text);
    return named.has(text) || GIVERS.test(text) || (member !== undefined && members().has(member));
  };
}
