// SPDX-License-Identifier: MIT
// One C file as facts, read when asked for. Pieces are remembered by their text, so that a declaration which a hundred
// revisions share is parsed once. The memory is bounded and never changes an answer.
import type { Enum, Facts, Func, Lines, Macro, Struct } from './facts.ts';
import { cutPieces, type Piece } from './pieces.ts';
import { readFacts } from './read.ts';

/** Keeps the `limit` newest of what `make` made. */
export function remember<T>(limit: number, make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return text => {
    let value = known.get(text);
    if (value === undefined) {
      value = make(text);
      const oldest = known.size >= limit ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    } else known.delete(text);
    known.set(text, value);
    return value;
  };
}

const pieceFacts = remember(8_000, readFacts);

export class Unit {
  readonly pieces: readonly Piece[];
  readonly #texts: Set<string>;
  readonly #facts = new Map<Piece, Facts>();

  constructor(text: string) {
    this.pieces = cutPieces(text);
    this.#texts = new Set(this.pieces.map(piece => piece.text));
  }

  /** True where the other side has this very declaration, character for character. */
  holds(piece: Piece): boolean {
    return this.#texts.has(piece.text);
  }

  /** Facts of one piece, with the file's own line numbers. */
  facts(piece: Piece): Facts {
    let facts = this.#facts.get(piece);
    if (facts === undefined) this.#facts.set(piece, (facts = shift(pieceFacts(piece.text), piece.line - 1)));
    return facts;
  }

  struct(name: string): Struct | undefined {
    return this.#first(name, '{', facts => facts.structs.find(each => each.name === name));
  }

  enum(name: string): Enum | undefined {
    return this.#first(name, '{', facts => facts.enums.find(each => each.name === name));
  }

  /** The definition where there is one, else the prototype. */
  func(name: string): Func | undefined {
    const defined = (facts: Facts): Func | undefined =>
      facts.functions.find(each => each.name === name && each.body !== undefined);
    return (
      this.#first(name, '{', defined) ??
      this.#first(name, '(', facts => facts.functions.find(each => each.name === name))
    );
  }

  macro(name: string): Macro | undefined {
    return this.macros().find(each => each.name === name);
  }

  macros(): Macro[] {
    return this.pieces.filter(piece => piece.kind === 'directive').flatMap(readMacro);
  }

  /** Functions of pieces that mention every one of `words`; of all pieces where no word is given. */
  functions(...words: readonly string[]): Func[] {
    return this.#all(words).flatMap(facts => facts.functions);
  }

  structs(...words: readonly string[]): Struct[] {
    return this.#all(words).flatMap(facts => facts.structs);
  }

  #all(words: readonly string[]): Facts[] {
    return this.pieces
      .filter(piece => piece.kind === 'code' && words.every(word => piece.text.includes(word)))
      .map(piece => this.facts(piece));
  }

  #first<T>(name: string, mark: string, find: (facts: Facts) => T | undefined): T | undefined {
    for (const piece of this.pieces) {
      if (piece.kind !== 'code' || !piece.text.includes(mark) || !piece.text.includes(name)) continue;
      const found = find(this.facts(piece));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

const EMPTY = new Unit('');
const units = remember(200, text => new Unit(text));

/** The facts of a file's text; of no file, no facts. */
export function unit(text: string | undefined): Unit {
  return text === undefined ? EMPTY : units(text);
}

function readMacro(piece: Piece): Macro[] {
  const match = /^#\s*define\s+(\w+)(\([^)]*\))?\s*([^]*)$/.exec(piece.text);
  if (match === null) return [];
  const [, name = '', params, value = ''] = match;
  const endLine = piece.line + piece.text.split('\n').length - 1;
  const plain = value
    .replace(/\/\*[^]*?(\*\/|$)|\/\/.*$/gm, ' ')
    .replace(/\\\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return [{ name, params, value: plain, line: piece.line, endLine }];
}

/** A copy with every line number moved. Facts are trees of plain data. */
function shift<T>(fact: T, by: number): T {
  if (by === 0 || typeof fact !== 'object' || fact === null) return fact;
  if (Array.isArray(fact)) {
    return (
      fact.length === 0 || typeof fact[0] !== 'object' ? fact : fact.map(each => shift(each as unknown, by))
    ) as T;
  }
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fact)) copy[key] = shift(value as unknown, by);
  const lines = fact as Partial<Lines>;
  if (lines.line !== undefined) copy['line'] = lines.line + by;
  if (lines.endLine !== undefined) copy['endLine'] = lines.endLine + by;
  return copy as T;
}
