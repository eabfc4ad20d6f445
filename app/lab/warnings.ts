// SPDX-License-Identifier: MIT
// Pure: what gcc, ld, CMake and ninja said, as places and words, and which warnings are new. The text is a stranger's: every
// pattern is linear, and a forged line can only blame its own series.

/** Where the sandbox has the tree and the build. */
export const SOURCE = '/src';
export const BUILD = '/build';

export interface Diagnostic {
  readonly kind: 'error' | 'warning';
  /** Relative to the tree; undefined where the place is outside it (a generated file, the linker). */
  readonly path: string | undefined;
  /** 1-based; 0 where there is none. */
  readonly line: number;
  readonly column: number;
  /** Without the option. */
  readonly message: string;
  /** `-Wunused-variable`, or ''. */
  readonly option: string;
  /** The function it is in, or ''. */
  readonly symbol: string;
}

/** What each edge of ninja's graph warned of when it was last built; the key is ninja's description of the edge. */
export type Warnings = ReadonlyMap<string, readonly Diagnostic[]>;

export interface BuildOutput {
  /** Every edge that was built, those without a warning too. */
  readonly warnings: Warnings;
  readonly errors: readonly Diagnostic[];
}

const MOST = 2000;
const EDGE = /^\[\d+\/\d+\] (.{1,500})$/;
const GCC = /^([^\s:][^:]{0,500}):(\d+):(?:(\d+):)? (fatal error|error|warning): (.+)$/;
const IN_FUNCTION = /^[^\s:][^:]{0,500}: In function ['‘`]([^'’]{1,200})['’]:$/;
const TOP_LEVEL = /^[^\s:][^:]{0,500}: At top level:$/;
const LD_IN = /^(?:\S*\/)?ld: [^:]{1,500}: in function [`']([^']{1,200})':$/;
const LD_PLACE = /^([^\s:][^:]{0,500}):(\d+): (undefined reference to .+|multiple definition of .+)$/;
const LD = /^(?:\S*\/)?ld: (.+)$/;
const CMAKE = /^CMake Error at ([^:]{1,500}):(\d+) \((.{1,200})\):$/;
const CMAKE_PLAIN = /^CMake Error: (.+)$/;
const NINJA = /^ninja: error: (.+)$/;

/** Reads the output of `ninja -k 0` (not a terminal's) or of gcc alone. */
export function readOutput(output: string): BuildOutput {
  const warnings = new Map<string, Diagnostic[]>();
  const errors: Diagnostic[] = [];
  let edge: Diagnostic[] = [];
  let symbol = '';
  warnings.set('', edge);
  const lines = output.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.length > 2000) continue;
    const started = EDGE.exec(line);
    if (started !== null) {
      edge = [];
      symbol = '';
      warnings.set(started[1] ?? '', edge);
      continue;
    }
    symbol = IN_FUNCTION.exec(line)?.[1] ?? LD_IN.exec(line)?.[1] ?? (TOP_LEVEL.test(line) ? '' : symbol);
    const found = readLine(line, { symbol, below: lines.slice(index + 1, index + 9) });
    if (found === undefined) continue;
    const list = found.kind === 'error' ? errors : edge;
    if (list.length < MOST) list.push(found);
  }
  return { warnings, errors: placedFirst(errors) };
}

function readLine(line: string, around: { symbol: string; below: readonly string[] }): Diagnostic | undefined {
  const none = { kind: 'error', path: undefined, line: 0, column: 0, option: '', symbol: '' } as const;
  let match = GCC.exec(line);
  if (match !== null) {
    const [, path = '', at = '0', column = '0', kind = '', text = ''] = match;
    const option = / \[(-W[\w=+-]{1,80})\]$/.exec(text)?.[1] ?? '';
    const message = option === '' ? text : text.slice(0, text.lastIndexOf(' ['));
    // -Werror makes errors of warnings; they stay errors, since the build stops.
    const place = { path: inTree(path), line: Number(at), column: Number(column) };
    return { kind: kind === 'warning' ? 'warning' : 'error', ...place, message, option, symbol: around.symbol };
  }
  match = LD_PLACE.exec(line);
  if (match !== null) {
    return {
      ...none,
      path: inTree(match[1] ?? ''),
      line: Number(match[2]),
      message: match[3] ?? '',
      symbol: around.symbol,
    };
  }
  match = CMAKE.exec(line);
  if (match !== null) {
    const words = around.below.filter(text => text.startsWith('  ')).map(text => text.trim());
    const message = words.join(' ').slice(0, 500) || `${match[3] ?? ''} failed`;
    const path = (match[1] ?? '').startsWith('/') ? (match[1] ?? '') : `${SOURCE}/${match[1] ?? ''}`;
    return { ...none, path: inTree(path), line: Number(match[2]), message };
  }
  match = LD.exec(line);
  if (match !== null) return /: in function |warning: /.test(line) ? undefined : { ...none, message: match[1] ?? '' };
  match = CMAKE_PLAIN.exec(line) ?? NINJA.exec(line);
  return match === null ? undefined : { ...none, message: match[1] ?? '' };
}

/** Compilers before linkers before ninja's own summary: those with a place say more. */
function placedFirst(errors: readonly Diagnostic[]): Diagnostic[] {
  return [...errors.filter(error => error.path !== undefined), ...errors.filter(error => error.path === undefined)];
}

function inTree(path: string): string | undefined {
  if (!path.startsWith(`${SOURCE}/`)) return undefined;
  const parts: string[] = [];
  for (const part of path.slice(SOURCE.length + 1).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** What a diagnostic is about, wherever in its file it stands: equal before and after a shift of lines. */
export function diagnosticKey(diagnostic: Diagnostic, renamed: ReadonlyMap<string, string> = new Map()): string {
  const path = diagnostic.path ?? '';
  // Messages name other places ("declared at /src/x.h:12"): those shift as well.
  const message = diagnostic.message.replace(/\/(?:src|build)\/[^\s:]+(?::\d+)*/g, '@');
  return [renamed.get(path) ?? path, diagnostic.option, message].join('\0');
}

/** One entry a place: a header's warning comes once from every file that includes it. */
export function distinct(warnings: Warnings): Map<string, Diagnostic> {
  const places = new Map<string, Diagnostic>();
  for (const list of warnings.values()) {
    for (const one of list) places.set(`${one.path ?? ''}:${one.line}:${one.column}:${one.option}:${one.message}`, one);
  }
  return places;
}

export function countByKey(warnings: Warnings, renamed?: ReadonlyMap<string, string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of distinct(warnings).values()) {
    const key = diagnosticKey(one, renamed);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

export interface Comparison {
  readonly before: Warnings;
  readonly after: Warnings;
  /** Old path to new path. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Whether the patch wrote that line: of several equal warnings, that one is the new one. */
  readonly wrote: (path: string, line: number) => boolean;
}

/** Warnings of `after` beyond those of `before`, counted by what they are about; places outside the tree are nobody's. */
export function newWarnings(comparison: Comparison): Diagnostic[] {
  const known = countByKey(comparison.before, comparison.renamed);
  const groups = new Map<string, Diagnostic[]>();
  for (const one of distinct(comparison.after).values()) {
    if (one.path === undefined) continue;
    const key = diagnosticKey(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const added: Diagnostic[] = [];
  for (const [key, group] of groups) {
    const extra = group.length - (known.get(key) ?? 0);
    if (extra <= 0) continue;
    const written = (one: Diagnostic): number => (comparison.wrote(one.path ?? '', one.line) ? 0 : 1);
    added.push(...group.sort((a, b) => written(a) - written(b) || b.line - a.line).slice(0, extra));
  }
  return added.sort((a, b) => (a.path ?? '').localeCompare(b.path ?? '') || a.line - b.line);
}
