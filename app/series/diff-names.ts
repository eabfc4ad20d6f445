// SPDX-License-Identifier: MIT
// File names and modes in a diff's header, by the rules of git's apply.c (with its -p1). Knows nothing of hunks.
import type { FileMode } from '../model/series.ts';
import { readQuoted, unquote } from './c-quote.ts';

/** Without its first component (`a/`); undefined where there is none, as `git apply -p1` has it. */
function withoutPrefix(name: string): string | undefined {
  const slash = name.indexOf('/');
  return slash < 0 || slash === name.length - 1 ? undefined : name.slice(slash + 1);
}

/** The one name of `diff --git a/x b/x` (git_header_name): only told where both sides agree. */
export function nameOfGitLine(rest: string): string | undefined {
  if (rest.includes('"')) {
    const first = readQuoted(rest);
    const cut = first ? first.end : rest.indexOf(' "');
    const one = first ? first.name : rest.slice(0, cut);
    const two = unquote(rest.slice(cut).trimStart());
    const name = withoutPrefix(one);
    return name !== undefined && name === withoutPrefix(two) ? name : undefined;
  }
  for (let space = rest.indexOf(' '); space > 0; space = rest.indexOf(' ', space + 1)) {
    const name = withoutPrefix(rest.slice(0, space));
    if (name !== undefined && name === withoutPrefix(rest.slice(space + 1))) return name;
  }
  return undefined;
}

/** The name behind `--- ` or `+++ ` of a git diff; undefined for /dev/null. A name with spaces ends at a tab. */
export function nameOfSide(field: string): string | undefined {
  const name = field.startsWith('"') ? unquote(field) : field.replace(/\t.*$/, '').replace(/\r$/, '');
  return name === '/dev/null' ? undefined : withoutPrefix(name);
}

// Each run of blanks is tried from its first one alone: a line may be one long run.
const TIMESTAMP = /(?<![ \t])[ \t]+\d{2,4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: [+-]\d{4})?\s*$/;
const EPOCH = /[ \t](?:1969-12-31|1970-01-01)[ T]\d\d:\d\d:00(?:\.0+)?(?: [+-]\d{4})?\s*$/;

/** Both sides of a diff without `diff --git` (parse_traditional_patch). A side that is not there has no name. */
export function namesOfTraditional(from: string, to: string): { old?: string | undefined; new?: string | undefined } {
  const nameOf = (field: string): string | undefined => {
    const name = field.startsWith('"') ? unquote(field) : field.replace(TIMESTAMP, '').replace(/\t.*$/, '').trimEnd();
    if (name === '/dev/null') return undefined;
    return name.includes('/') ? withoutPrefix(name) : name;
  };
  if (from.startsWith('/dev/null')) return { new: nameOf(to) };
  if (to.startsWith('/dev/null')) return { old: nameOf(from) };
  const before = nameOf(from);
  const after = nameOf(to);
  // `foo.c` against `foo.c.new`: the shorter one is the file that is meant.
  const name = before !== undefined && after?.startsWith(before) ? before : after;
  if (EPOCH.test(from)) return { new: name };
  if (EPOCH.test(to)) return { old: name };
  return { old: name, new: name };
}

/** git's canon_mode: permissions other than the owner's execute bit do not exist. Undefined where it is no mode of a file. */
export function canonicalMode(octal: string): FileMode | undefined {
  const mode = Number.parseInt(octal, 8);
  switch (mode & 0o170000) {
    case 0o100000:
      return mode & 0o100 ? '100755' : '100644';
    case 0o120000:
      return '120000';
    case 0o160000:
      return '160000';
    default:
      return undefined;
  }
}

/** Why a path must not be written, or undefined (git's verify_path). */
export function pathFault(path: string): string | undefined {
  if (path === '' || path.includes('\0')) return 'is not a file name';
  if (path.startsWith('/')) return 'is an absolute path';
  for (const part of path.split('/')) {
    if (part === '' || part === '.') return 'is not a plain path';
    if (part === '..') return 'leads out of the tree';
    // HFS+ ignores some code points, NTFS trailing dots and spaces: git refuses these spellings of .git as well.
    const plain = part.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').replace(/(?<![. ])[. ]+$/, '');
    if (/^(?:\.git|git~1)$/i.test(plain)) return 'lies inside .git';
  }
  return undefined;
}
