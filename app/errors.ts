// SPDX-License-Identifier: MIT
// Every error that is not a bug has a code here, and docs/errors.md has an entry for every code.
// Expected bad input is a value (`Series.problem`, outcome `skip`); these are for usage and infrastructure.

export const ERROR_CODES = {
  usage: { exit: 2 },
  'input-unreadable': { exit: 2 },
  'input-not-a-series': { exit: 2 },
  'tree-unreadable': { exit: 2 },
  'revision-unknown': { exit: 2 },
  'rule-unknown': { exit: 2 },
  'config-invalid': { exit: 2 },
  'check-unavailable': { exit: 2 },
  'tool-missing': { exit: 3 },
  'git-failed': { exit: 3 },
  'sandbox-failed': { exit: 3 },
  'base-build-failed': { exit: 3 },
  'kernel-unavailable': { exit: 3 },
  'download-failed': { exit: 3 },
  'vm-failed': { exit: 3 },
  'disk-full': { exit: 3 },
  interrupted: { exit: 3 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error a person can act on: what happened, where, and what to do. */
export class AbideError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, as a sentence or a command. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AbideError';
    this.code = code;
    this.hint = options.hint;
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }
}
