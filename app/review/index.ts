// SPDX-License-Identifier: MIT
// The rule contract and the engine. Pure: no I/O, no clock, no order but its own.
export { exampleChange, seriesOf } from './example.ts';
export { isSeen, judge, severityOf, words } from './judge.ts';
export { redirected, replaced } from './redirect.ts';
export { shipped, type Shipped } from './released.ts';
export { rulePage, rulesIndex } from './page.ts';
export { contextPaths, defineRule } from './rule.ts';
export type { Example, Expected, Report, Rule, RuleMeta, Scope, Seen, View } from './rule.ts';
export { suppressionNotices } from './suppress.ts';
