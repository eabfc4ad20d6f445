// SPDX-License-Identifier: MIT
// Why a patch did not land and by whose fault: git's answer read, its words made harmless. Runs no git but the questions about objects.
import type { Base } from '../model/report.ts';
import type { Hunk, Patch, Series } from '../model/series.ts';
import type { Landing } from './am.ts';
import type { CatFile } from './cat-file.ts';
import { MACHINE } from './git.ts';
import { knowsPreImages } from './pre-images.ts';
import { clean, hunkText } from './words.ts';

/** `series`: the author's; `tree`: it lacks what the series was made against; `machine`: git or the machine broke. */
export type Fault = 'series' | 'tree' | 'machine';

export interface Problem {
  /** 1-based. */
  readonly patch: number;
  readonly fault: Fault;
  readonly path?: string;
  /** Of the pre-image. */
  readonly line?: number;
  readonly hunk?: string;
  readonly message: string;
}

// An object that a partial or damaged clone does not have.
export const LACKS =
  /unable to read (?:tree|sha1|object|blob)|(?:bad|missing|invalid) (?:object|tree|blob)|could not read|unable to parse/i;
// `fatal:` that the mail is to blame for; every other one is ours.
const MAIL =
  /fatal: (?:invalid date format|empty ident name|name consists only|unable to auto-detect|cannot convert|could not parse|invalid ident)/i;

interface Case {
  readonly ask: CatFile;
  readonly series: Series;
  readonly base: Base;
  readonly secrets: readonly string[];
}

export async function explain(refused: NonNullable<Landing['refused']>, about: Case): Promise<Problem> {
  const { patch, result, conflict } = refused;
  const place = placeOf(patch, result.stderr);
  const where = {
    patch: patch.index,
    ...(place.path === undefined ? {} : { path: clean(place.path) }),
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.hunk === undefined ? {} : { hunk: hunkText(place.hunk) }),
  };
  const words = clean(result.stderr.trim() === '' ? result.stdout : result.stderr, about.secrets);
  const { fault, lead } = await judge(refused, about);
  const merge = conflict ? ' A three-way merge ends in a conflict.' : '';
  return { ...where, fault, message: `${lead}${merge} git says: ${words || 'nothing'}` };
}

async function judge(
  { patch, result }: NonNullable<Landing['refused']>,
  { ask, series, base }: Case,
): Promise<{ fault: Fault; lead: string }> {
  const { stderr } = result;
  const isEmpty = /^Patch is empty\.$/m.test(result.stdout.toString('utf8'));
  if (result.status === undefined) return { fault: 'machine', lead: 'git was ended by a signal.' };
  // A file may be named like an error of the machine; then git's lines prove nothing.
  const named = patch.files.some(file => MACHINE.test(`: ${file.path}`) || file.path.includes('\n'));
  if (!named && MACHINE.test(stderr)) return { fault: 'machine', lead: 'This machine could not do it.' };
  if (
    isEmpty ||
    /corrupt patch|fragment without header|No valid patches|unrecognized (?:input|binary)|invalid path|beyond a symbolic link/.test(
      stderr,
    ) ||
    MAIL.test(stderr)
  ) {
    return { fault: 'series', lead: 'git cannot take the patch as it is.' };
  }
  if (!/^error: /m.test(stderr)) {
    return { fault: LACKS.test(stderr) ? 'tree' : 'machine', lead: 'git could not go on.' };
  }
  const footer = series.base.baseCommit;
  if (footer !== undefined && footer.length >= 7 && base.commit.startsWith(footer)) {
    return { fault: 'series', lead: 'It does not apply to the commit that the series itself names.' };
  }
  if (await knowsPreImages(ask, series, patch)) {
    return { fault: 'series', lead: 'The tree has the files it was made against, and it does not apply.' };
  }
  return { fault: 'tree', lead: 'The tree does not have the files it was made against.' };
}

/** From git's own lines the file and the hunk's first line; where it names none and the patch has one file, that. */
function placeOf(patch: Patch, stderr: string): { path?: string; line?: number; hunk?: Hunk } {
  const failed = /^error: patch failed: (.+):(\d+)$/m.exec(stderr);
  const other =
    /^error: (.+): (?:patch does not apply|does not (?:exist|match).*|already exists.*|wrong type|No such file.*)$/m.exec(
      stderr,
    );
  const said = failed?.[1] ?? other?.[1];
  const file =
    said === undefined
      ? patch.files.length === 1 && patch.files[0]
      : patch.files.find(one => asGitSays(one.oldPath ?? one.path) === said || asGitSays(one.path) === said);
  if (!file) return said === undefined ? {} : { path: said };
  if (failed === null) return { path: file.path };
  const line = Number(failed[2]);
  const hunk = file.hunks.find(one => one.oldStart === line);
  return { path: file.path, line, ...(hunk === undefined ? {} : { hunk }) };
}

/** git prints `?` for every control character in an error (its usage.c, vreportf). */

const asGitSays = (path: string): string => path.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '?');
