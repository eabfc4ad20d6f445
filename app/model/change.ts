// SPDX-License-Identifier: MIT
// What a rule may look at, loaded up front, and what it says.
import type { FileDiff, Series } from './series.ts';

/** One file before and after. `pre` or `post` is undefined where the file does not exist on that side, or is binary. */
export interface ChangedFile {
  readonly path: string;
  readonly pre: string | undefined;
  readonly post: string | undefined;
  readonly diff: FileDiff;
}

/** The step one patch makes: the state before it and after it. */
export interface PatchChange {
  /** 1-based index of the patch in the series. */
  readonly patch: number;
  readonly files: readonly ChangedFile[];
}

/** A series against its base, file by file, and each of its patches as a step. */
export interface Change {
  readonly series: Series;
  readonly baseCommit: string;
  /** Base against tip, one entry a file that the series touches. */
  readonly files: readonly ChangedFile[];
  readonly patches: readonly PatchChange[];
  /** Files that rules read but the series does not touch (by path, at the tip), loaded because a rule's meta asks for them. */
  readonly context: ReadonlyMap<string, string>;
  /** The newest release that the base descends from: its tag, and by path the files of that tag which the series touches
   *  or rules read. Loaded by `trees/` where the tree has tags (`git describe --tags --match 'v[0-9]*' --exclude '*rc*'` of
   *  the base). Undefined where no release is known: rules then take whatever the base has as shipped, and say so. */
  readonly released?: { readonly tag: string; readonly files: ReadonlyMap<string, string> };
}

export type Severity = 'error' | 'warning' | 'info';
/** `pre` and `post` are sides of a diff; `log` is a line of the patch's message; `series` has no line. */
export type Side = 'pre' | 'post' | 'log' | 'series';

export interface Place {
  /** 1-based index of the patch blamed; 0 for the series as a whole. */
  readonly patch: number;
  readonly path: string;
  readonly side: Side;
  /** 1-based; 0 where there is no line. */
  readonly line: number;
  readonly endLine?: number;
}

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** What, why with its citation, and what to do, in plain text. */
  readonly message: string;
  readonly at: Place;
  readonly symbol?: string;
  /** 16 hex digits from rule, path and symbol (never from message or line), so that it survives a rebase. */
  readonly fingerprint: string;
  /** Evidence a person can check: the two declarations, the compiler's words. */
  readonly witness?: string;
  /** A unified diff against the tip. */
  readonly fix?: string;
  /** Set where the project or the author suppressed it, with their reason. Never counted by the verdict. */
  readonly suppressed?: { readonly by: string; readonly reason: string };
}
