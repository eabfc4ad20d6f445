// SPDX-License-Identifier: MIT
// All that a rule may look at, read from commits: base against tip, each patch's step, files asked for beside them, and the last release's.
import type { Change, ChangedFile, PatchChange } from '../model/change.ts';
import type { FileDiff, Patch, Series } from '../model/series.ts';
import { parseDiff } from '../series/index.ts';
import type { CatFile } from './cat-file.ts';
import { gitBytes, type Place } from './git.ts';
import { releaseBefore } from './revision.ts';

export interface ChangeSource {
  readonly series: Series;
  /** What is applied to; may be a commit of our own making. */
  readonly base: string;
  /** One a patch. */
  readonly commits: readonly string[];
  readonly contextPaths: readonly string[];
  /** Whose last release counts; none is looked for where it is undefined. */
  readonly released: string | undefined;
}

const DIFF = [
  '-p',
  '-r',
  '-M',
  '--full-index',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

export async function loadChange(
  place: Place,
  ask: CatFile,
  source: ChangeSource,
): Promise<Omit<Change, 'baseCommit'>> {
  const { series, base, commits, contextPaths } = source;
  const tip = commits.at(-1) ?? base;
  const whole = parseDiff(text(await gitBytes(place, ['diff-tree', ...DIFF, base, tip])));
  const files = await Promise.all(whole.map(diff => load(ask, diff, { pre: base, post: tip, diff })));
  const steps = await diffSteps(place, commits);
  const patches = await Promise.all(
    commits.map(async (commit, index): Promise<PatchChange> => {
      const patch = series.patches[index]!;
      const made = steps.get(commit) ?? [];
      const pre = commits[index - 1] ?? base;
      const loaded = made.map(diff => load(ask, diff, { pre, post: commit, diff: asMailed(patch, diff) }));
      return { patch: patch.index, files: await Promise.all(loaded) };
    }),
  );
  const touched = [...new Set(whole.flatMap(diff => [diff.path, diff.oldPath ?? diff.path]))];
  const beside = contextPaths.filter(path => !touched.includes(path));
  const release = source.released === undefined ? undefined : await releaseBefore(place, source.released);
  return {
    series,
    files,
    patches,
    context: await readFiles(ask, tip, beside),
    ...(release === undefined
      ? {}
      : { released: { tag: release.tag, files: await readFiles(ask, release.commit, [...touched, ...beside]) } }),
  };
}

/** Each commit against its first parent, in one process. A line of a diff never is a bare id, so the ids part the answers. */
async function diffSteps(place: Place, commits: readonly string[]): Promise<Map<string, FileDiff[]>> {
  if (commits.length === 0) return new Map();
  const asked = Buffer.from(`${commits.join('\n')}\n`);
  const answer = text(await gitBytes(place, ['diff-tree', '--stdin', ...DIFF], asked));
  const steps = new Map<string, FileDiff[]>();
  const known = new Set(commits);
  let lines: string[] = [];
  let commit: string | undefined;
  const close = (): void => {
    if (commit !== undefined) steps.set(commit, parseDiff(lines.join('\n')));
    lines = [];
  };
  for (const line of answer.split('\n')) {
    if (known.has(line)) {
      close();
      commit = line;
    } else lines.push(line);
  }
  close();
  return steps;
}

/** The diff as the author sent it where it makes the same blob of the same blob, so that lines are those of the mail; else what git made. */
function asMailed(patch: Patch, made: FileDiff): FileDiff {
  const same = (mailed: string | undefined, full: string | undefined): boolean =>
    mailed !== undefined && mailed.length >= 7 && full !== undefined && full.startsWith(mailed);
  const sent = patch.files.find(
    file =>
      file.path === made.path &&
      file.change === made.change &&
      same(file.preBlob, made.preBlob) &&
      same(file.postBlob, made.postBlob),
  );
  return sent ?? made;
}

async function load(
  ask: CatFile,
  made: FileDiff,
  at: { pre: string; post: string; diff: FileDiff },
): Promise<ChangedFile> {
  const side = async (mode: string | undefined, id: string | undefined, name: string): Promise<string | undefined> => {
    // A link's target and a submodule's commit are no text of the file's.
    if (made.binary || mode === '120000' || mode === '160000') return undefined;
    return asText(await ask.blob(id === undefined ? name : id));
  };
  const { change, preBlob, postBlob, oldMode, newMode } = made;
  const from = `${at.pre}:${made.oldPath ?? made.path}`;
  return {
    path: made.path,
    pre: change === 'add' ? undefined : await side(oldMode, preBlob, from),
    post: change === 'delete' ? undefined : await side(newMode, postBlob, `${at.post}:${made.path}`),
    diff: at.diff,
  };
}

async function readFiles(ask: CatFile, commit: string, paths: readonly string[]): Promise<Map<string, string>> {
  const texts = await Promise.all(
    paths.map(async path => [path, asText(await ask.blob(`${commit}:${path}`))] as const),
  );
  return new Map(texts.flatMap(([path, found]) => (found === undefined ? [] : [[path, found] as const])));
}

/** undefined for binary, by git's own rule: a NUL in the first 8000 bytes. */
export function asText(bytes: Buffer | undefined): string | undefined {
  return bytes === undefined || bytes.subarray(0, 8000).includes(0) ? undefined : text(bytes);
}

const text = (bytes: Buffer): string => bytes.toString('utf8');
