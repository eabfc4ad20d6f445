// SPDX-License-Identifier: MIT
// All that a reporter ever sees.
import type { Finding } from './change.ts';
import type { LedgerEntry, MatrixCell, Run } from './run.ts';
import type { Series } from './series.ts';

export type Verdict = 'pass' | 'warn' | 'fail' | 'error';

/** `rules`, `apply`, `build`, … as `--checks` names them. */
export const CHECKS = ['rules', 'apply', 'build', 'abi', 'odp', 'compat', 'pyverbs'] as const;
export type Check = (typeof CHECKS)[number];

export interface Base {
  /** 40 hex digits; empty where no base could be found. */
  readonly commit: string;
  /** How it was found, as a phrase: `base-commit footer`, `the branch at the mail's date (2015-09-03)`. */
  readonly how: string;
}

/** Something the reader must know that is neither finding nor run: a check that was not made, a degraded lab. */
export interface Notice {
  readonly code: string;
  readonly message: string;
}

export interface Report {
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly because: string;
  readonly series: Series;
  readonly base: Base;
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  readonly runs: readonly Run[];
  readonly ledger: readonly LedgerEntry[];
  readonly matrix?: readonly MatrixCell[];
  readonly notices: readonly Notice[];
}
