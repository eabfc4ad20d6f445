// SPDX-License-Identifier: MIT
// The private stores in the cache. `store.git` reads: the tree's refs, its objects by alternates, and our own. `made.git` writes: our own objects,
// and copies of what git needs to make them. It knows nothing of the tree, since git touches the times of an object that it would write and finds
// in an alternate. Both have a configuration and attributes of our own. Any number of runs share them.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbideError } from '../errors.ts';
import { readForeign, type Foreign } from './foreign.ts';
import type { Place } from './git.ts';

export interface Store extends Place {
  /** The private bare repository that has everything. */
  readonly gitDir: string;
  /** The one in which objects are made. */
  readonly made: Place;
  /** Where throwaway work trees live. */
  readonly work: string;
  readonly foreign: Foreign;
  /** Paths that no report may show. */
  readonly secrets: readonly string[];
}

// What a stranger's patch or the user's habits could turn against us is decided here, once.
const CONFIG: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  core: {
    bare: 'true',
    hooksPath: '/dev/null',
    fsmonitor: 'false',
    untrackedCache: 'false',
    attributesFile: '/dev/null',
    excludesFile: '/dev/null',
    // A link in a patch becomes a small file holding its target: nothing can be written through it.
    symlinks: 'false',
    fileMode: 'true',
    autocrlf: 'false',
    safecrlf: 'false',
    protectHFS: 'true',
    protectNTFS: 'true',
    logAllRefUpdates: 'false',
    useReplaceRefs: 'false',
  },
  // With the date taken from the mail, the same series on the same base gives the same commit ids.
  user: { name: 'Abide', email: 'abide@localhost', useConfigOnly: 'true' },
  commit: { gpgSign: 'false' },
  log: { showSignature: 'false', mailmap: 'false' },
  apply: { whitespace: 'nowarn', ignoreWhitespace: 'no' },
  rerere: { enabled: 'false' },
  gc: { auto: '0', worktreePruneExpire: 'never' },
  maintenance: { auto: 'false' },
  advice: { amWorkDir: 'false', detachedHead: 'false' },
  submodule: { recurse: 'false' },
  protocol: { allow: 'never' },
  color: { ui: 'false' },
  i18n: { commitEncoding: 'utf-8', logOutputEncoding: 'utf-8' },
};

// $GIT_DIR/info/attributes wins over every .gitattributes, so a patch that adds one changes nothing (gitattributes(5)).
const ATTRIBUTES =
  '* -text !eol !crlf -ident -filter -working-tree-encoding !diff !merge -whitespace -export-ignore -export-subst !conflict-marker-size !delta\n';

const DAY = 24 * 3600 * 1000;

/** Makes the store of `dir` in `cache`, or brings the one that is there up to date. Throws `tree-unreadable`, `config-invalid` (the cache folder), `disk-full`. */
export async function openStore(dir: string, cache: string): Promise<Store> {
  const trees = join(cache, 'trees');
  const home = join(trees, 'home');
  try {
    await mkdir(home, { recursive: true });
    await replace(join(home, '.gitconfig'), '[safe]\n\tdirectory = *\n');
    const foreign = await readForeign(dir, home);
    const name = createHash('sha256').update(`${foreign.objectFormat} ${foreign.gitDir}`).digest('hex').slice(0, 16);
    const root = join(trees, name);
    const gitDir = join(root, 'store.git');
    const made = join(root, 'made.git');
    const work = join(root, 'work');
    await mkdir(work, { recursive: true });
    await fill(made, { ...foreign, refs: [], shallow: '', head: '' }, []);
    await fill(gitDir, foreign, [foreign.objects, join(made, 'objects')]);
    const secrets = [root, trees, cache, foreign.dir, foreign.gitDir];
    await forget(made);
    return { cwd: gitDir, home, gitDir, made: { cwd: made, home }, work, foreign, secrets };
  } catch (error) {
    throw diskFull(error) ?? unusable(error, cache) ?? error;
  }
}

/** Each file is replaced whole, so that a run beside this one sees the old or the new. HEAD last: without it, it is no repository yet. */
async function fill(gitDir: string, foreign: Foreign, alternates: readonly string[]): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await mkdir(join(gitDir, 'objects', 'pack'), { recursive: true });
  await mkdir(join(gitDir, 'info'), { recursive: true });
  await mkdir(join(gitDir, 'refs'), { recursive: true });
  await replace(join(gitDir, 'config'), configText(foreign));
  await replace(join(gitDir, 'info', 'attributes'), ATTRIBUTES);
  await replace(join(gitDir, 'objects', 'info', 'alternates'), alternates.map(path => `${quote(path)}\n`).join(''));
  if (foreign.shallow === '') await rm(join(gitDir, 'shallow'), { force: true });
  else await replace(join(gitDir, 'shallow'), foreign.shallow);
  await replace(join(gitDir, 'packed-refs'), foreign.refs.map(ref => `${ref.id} ${ref.name}\n`).join(''));
  const head = /^(?:ref: refs\/\S+|[0-9a-f]{40,64})$/.test(foreign.head) ? foreign.head : 'ref: refs/heads/master';
  await replace(join(gitDir, 'HEAD'), `${head}\n`);
}

function configText(foreign: Foreign): string {
  const sha256 = foreign.objectFormat === 'sha256';
  const head = sha256
    ? '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n'
    : '[core]\n\trepositoryformatversion = 0\n';
  const sections = Object.entries(CONFIG).map(
    ([section, keys]) =>
      `[${section}]\n${Object.entries(keys)
        .map(([key, value]) => `\t${key} = ${value}\n`)
        .join('')}`,
  );
  return head + sections.join('');
}

/** An entry of `objects/info/alternates`: C-quoted where a line end, a leading quote or `#` would change its meaning. */
function quote(path: string): string {
  if (!/^["#]|[\n\\]/.test(path)) return path;
  return `"${path.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

/** Writes beside and renames over, unless the text is there already. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Once a week, objects that no run has made or used for two weeks go. git makes an object's file young again where it would write the same one, so
 * whatever a series of these days is made of stays; and what is needed later is made again, with the same ids.
 */
async function forget(made: string): Promise<void> {
  const stamp = join(made, 'abide-swept');
  const last = await stat(stamp).catch(() => undefined);
  if (last !== undefined && Date.now() - last.mtimeMs < 7 * DAY) return;
  await writeFile(stamp, '');
  if (last === undefined) return;
  const objects = join(made, 'objects');
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.parentPath === join(objects, 'info')) continue;
    const info = await stat(path).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > 14 * DAY) await rm(path, { force: true });
  }
}

/** Node tells a read-only file system as ENOENT where it makes folders recursively. */
function unusable(error: unknown, cache: string): AbideError | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  if (!path?.startsWith(cache) || !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT'].includes(code ?? ''))
    return undefined;
  return new AbideError('config-invalid', `the cache folder ${cache} cannot be used: ${code}`, {
    hint: 'name a folder that this user can write to with ABIDE_CACHE',
    cause: error,
  });
}

/** The same error as `disk-full` where the file system says so, else undefined. */
export function diskFull(error: unknown): AbideError | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return undefined;
  return new AbideError('disk-full', `the cache folder cannot be written to: ${code}`, {
    hint: 'make room in the cache folder, or name another one',
    cause: error,
  });
}
