// SPDX-License-Identifier: MIT
// The nouns of C text: what a declaration says, without its layout on the page. Imports nothing.

/** A type as an ABI sees it: tokens, names of things removed. Compare with `sameType`, show `text`. */
export interface CType {
  /** Normalised tokens: no const, no annotations, one spelling for a width; `@` stands where the name was. */
  readonly tokens: readonly string[];
  /** As written, on one line. */
  readonly text: string;
}

export interface Lines {
  /** 1-based. */
  readonly line: number;
  readonly endLine: number;
}

export interface Member extends Lines {
  /** Empty for an anonymous struct or union and for a nameless bit-field. */
  readonly name: string;
  readonly type: CType;
  /** True for a function pointer: a slot. */
  readonly slot: boolean;
  /** Members of an anonymous or inline-defined struct or union. */
  readonly members?: readonly Member[];
}

export interface Struct extends Lines {
  readonly kind: 'struct' | 'union';
  /** The tag, or the typedef's name where there is no tag. */
  readonly name: string;
  readonly members: readonly Member[];
}

export interface Enumerator extends Lines {
  readonly name: string;
  /** The expression as written, undefined where implicit. */
  readonly value: string | undefined;
}

export interface Enum extends Lines {
  readonly name: string;
  readonly enumerators: readonly Enumerator[];
}

export interface Param {
  readonly name: string;
  readonly type: CType;
}

export interface Call extends Lines {
  /** `verbs_get_ctx_op`, `vctx->close_xrcd`. */
  readonly callee: string;
  readonly args: readonly string[];
}

export interface Assignment extends Lines {
  readonly left: string;
  readonly operator: string;
  readonly right: string;
}

/** `if (test) { consequence }`; a loop's or a ternary's test has an empty consequence. */
export interface Test extends Lines {
  readonly test: string;
  /** Normalised tokens of the branch taken when the test holds. */
  readonly consequence: string;
}

export interface Local {
  readonly name: string;
  readonly type: CType;
  readonly value?: string;
}

/** Expressions in it are normalised: tokens separated by one space, comments gone. */
export interface Body {
  readonly tokens: readonly string[];
  readonly calls: readonly Call[];
  readonly assignments: readonly Assignment[];
  readonly tests: readonly Test[];
  readonly returns: readonly ({ readonly value: string } & Lines)[];
  readonly locals: readonly Local[];
}

export interface Func extends Lines {
  readonly name: string;
  readonly returns: CType;
  readonly params: readonly Param[];
  readonly inline: boolean;
  readonly static: boolean;
  /** Undefined for a prototype. */
  readonly body: Body | undefined;
}

export interface Macro extends Lines {
  readonly name: string;
  readonly params: string | undefined;
  readonly value: string;
}

/** What one declaration, with all that it nests, says. */
export interface Facts {
  readonly structs: readonly Struct[];
  readonly enums: readonly Enum[];
  readonly functions: readonly Func[];
  readonly typedefs: readonly { readonly name: string; readonly type: CType }[];
}
