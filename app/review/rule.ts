// SPDX-License-Identifier: MIT
// The rule contract. A rule is data and one pure function; it sees a `View` and nothing else.
import type { Change, ChangedFile, Severity, Side } from '../model/change.ts';

/** `series`: base against tip, so that a slip which a later patch repairs is silent. `patch`: each step by itself. */
export type Scope = 'series' | 'patch';

export interface Reference {
  /** A commit of rdma-core, or undefined for a document. */
  readonly commit?: string;
  readonly document?: string;
  /** What it says, in a few words or quoted. */
  readonly says: string;
}

export interface RuleMeta {
  readonly severity: Severity;
  readonly scope: Scope;
  /** The files the rule looks at. Nothing else reaches it. */
  readonly reads: (path: string) => boolean;
  /** What `reads` means, for the rule's page. */
  readonly readsText: string;
  /** A rule that can only fire where an added or removed line matches says so, and sleeps otherwise. Not anchored, no `g`. */
  readonly wakes?: RegExp;
  /** Paths to load at the tip though the series may not touch them. */
  readonly context?: readonly string[];
  /** One line, no full stop. */
  readonly title: string;
  /** Why a maintainer cares: two or three sentences. */
  readonly why: string;
  /** What the author does about it. */
  readonly fix: string;
  readonly references: readonly [Reference, ...Reference[]];
  /** By id; `{name}` is replaced from the report's data. The reason and the fix belong to the words. */
  readonly messages: Readonly<Record<string, string>>;
  /** Messages that are milder than the rule, by id: a question is `info`. */
  readonly milder?: Readonly<Record<string, Severity>>;
}

export interface ExampleFile {
  readonly path: string;
  /** Undefined where the file is not there on that side. */
  readonly pre?: string;
  readonly post?: string;
}

/** What an example must give, to the letter. */
export interface Expected {
  readonly message: string;
  readonly path: string;
  readonly side: Side;
  readonly line: number;
  readonly symbol?: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface Example {
  /** What it shows, as a phrase. */
  readonly title: string;
  readonly files: readonly ExampleFile[];
  /** Files of the tree that the series leaves alone. */
  readonly context?: Readonly<Record<string, string>>;
  /** The newest release, where the example is about what has shipped. */
  readonly released?: { readonly tag: string; readonly files: Readonly<Record<string, string>> };
}

export interface Seen {
  /** 12 digits of a commit of rdma-core on which the rule fires. */
  readonly commit: string;
  readonly says: string;
}

export interface Report {
  readonly message: string;
  readonly path: string;
  readonly side: Side;
  readonly line: number;
  readonly endLine?: number;
  /** What it is about inside the file; with rule and path it is the finding's identity. */
  readonly symbol?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly witness?: string;
}

/** All that a rule may look at. */
export interface View extends Pick<Change, 'series' | 'context' | 'released'> {
  /** The patch whose step this is; 0 for the series as a whole. */
  readonly patch: number;
  /** Files that `reads` names. */
  readonly files: readonly ChangedFile[];
}

export interface Rule {
  readonly name: string;
  readonly meta: RuleMeta;
  readonly examples: {
    readonly bad: readonly (Example & { readonly finds: readonly [Expected, ...Expected[]] })[];
    readonly good: readonly [Example, ...Example[]];
    readonly seen: readonly Seen[];
  };
  readonly check: (view: View, report: (what: Report) => void) => void;
}

/** The identity, with the type checked where the rule is written. */
export function defineRule(rule: Rule): Rule {
  return rule;
}

/** Files at the tip that these rules want beside the touched ones. Sorted, each once. */
export function contextPaths(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap(rule => rule.meta.context ?? []))].sort();
}
