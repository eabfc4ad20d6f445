// SPDX-License-Identifier: MIT
// What a lab did: one run a target, made of steps, made of cases.

export type Outcome = 'pass' | 'fail' | 'skip' | 'error';
export type Target = 'base' | 'patched';

export interface Case {
  readonly name: string;
  readonly outcome: Outcome;
  /** Always there for skip, fail and error. */
  readonly reason?: string;
}

export interface Step {
  /** `apply`, `configure`, `build 2/3`, `boot`, `native-check`, `ibv_rc_pingpong -o`. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  readonly cases: readonly Case[];
  /** The tail of its output, already made harmless for a terminal (no control characters but newline and tab). */
  readonly log: string;
  /** One sentence for fail, skip and error. */
  readonly reason?: string;
}

export interface Run {
  readonly target: Target;
  /** `7.3.1-amd64`, or `-` where no kernel was involved. */
  readonly kernel: string;
  /** `kvm`, `tcg`, or `-`. */
  readonly accel: string;
  readonly steps: readonly Step[];
}

/** One cell of the compatibility matrix. */
export interface MatrixCell {
  readonly app: string;
  readonly library: string;
  readonly provider: string;
  readonly kernel: string;
  readonly verb: string;
  readonly result: string;
}

/** A case whose outcome differs between base and patched, or that needs a word. */
export interface LedgerEntry {
  readonly step: string;
  readonly case: string;
  readonly base: Outcome | 'absent';
  readonly patched: Outcome | 'absent';
  /**
   * `broken` (fails on patched alone), `lost` (ran on base, skipped or missing on patched), `also-on-base`, `repaired`, `new`,
   * `unsteady` (seen as broken, lost or repaired once, and not when base and patched were run again).
   */
  readonly kind: 'broken' | 'lost' | 'also-on-base' | 'repaired' | 'new' | 'unsteady';
  readonly reason: string;
}
