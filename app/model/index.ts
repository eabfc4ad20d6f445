// SPDX-License-Identifier: MIT
// Every noun that crosses a boundary, in one import.
export type * from './change.ts';
export type * from './mail.ts';
export type * from './run.ts';
export type * from './series.ts';
export * from './report.ts';
