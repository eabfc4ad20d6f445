// SPDX-License-Identifier: MIT
// The facts layer: C text in, what it says out. The only user of tree-sitter; does no I/O but reading the grammar once.
export * from './compare.ts';
export { contextMembers, contextTest, lastMember } from './contexts.ts';
export type * from './facts.ts';
export { tidy } from './declarator.ts';
export { loadParsers } from './parser.ts';
export type { Piece } from './pieces.ts';
export * from './places.ts';
export { slotChanges, type SlotsChange } from './slots.ts';
export { sameType } from './types.ts';
export { unit, type Unit } from './unit.ts';
