// SPDX-License-Identifier: MIT
// Repositories of our own making, with real git. Dates, names and configuration are fixed; a test's folder is gone after it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readSeries, splitMbox } from '../../app/series/index.ts';
import type { Series } from '../../app/model/index.ts';

/** A folder for one test; give `remove` to `after`. */
export function scratch(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'abide-trees-'));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  // A suite that is filtered out is read, and has no `after`.
  process.once('exit', remove);
  return { dir, remove };
}

export interface Repo {
  readonly dir: string;
  /** What git prints, a character a byte. */
  git(...args: string[]): string;
  /** Files by path, undefined to delete; the commit's id. Each commit is an hour after the one before. */
  commit(subject: string, files: Readonly<Record<string, string | Buffer | undefined>>): string;
  write(path: string, text: string | Buffer): void;
}

export function makeRepo(dir: string): Repo {
  mkdirSync(dir, { recursive: true });
  let hour = 0;
  const git = (...args: string[]): string => {
    const date = `2020-01-01T${String(hour % 24).padStart(2, '0')}:00:00Z`;
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'A U Thor',
      GIT_AUTHOR_EMAIL: 'author@example.org',
      GIT_COMMITTER_NAME: 'C O Mitter',
      GIT_COMMITTER_EMAIL: 'committer@example.org',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    const out = execFileSync('git', args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
    return out.toString('latin1').replace(/\n$/, '');
  };
  const write = (path: string, text: string | Buffer): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  git('init', '-q', '-b', 'master');
  return {
    dir,
    git,
    write,
    commit(subject, files) {
      hour++;
      for (const [path, text] of Object.entries(files)) {
        if (text === undefined) git('rm', '-q', '--', path);
        else write(path, text);
      }
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
  };
}

/** Lines `word 1` to `word n`. */
export const lines = (word: string, n: number): string =>
  Array.from({ length: n }, (_, index) => `${word} ${index + 1}\n`).join('');

/** The mails of `git format-patch`, a character a byte, without a base in a footer. */
export const format = (repo: Repo, range: string, ...more: string[]): string =>
  `${repo.git('format-patch', '--stdout', '--no-signature', '--full-index', '--binary', '-M', ...more, range)}\n`;

/** Of mails as `format` gives them. */
export async function seriesOf(mails: string | Uint8Array): Promise<Series> {
  const all = await readSeries(
    splitMbox(typeof mails === 'string' ? Buffer.from(mails, 'latin1') : mails, 'test.mbox'),
  );
  if (all.length !== 1) throw new Error(`${all.length} series instead of one`);
  return all[0]!;
}

/** Every name, kind, mode, time of change and byte below a folder, as one hash. */
export function hashFolder(dir: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    const info = lstatSync(path);
    hash.update(`${path} ${info.mode} ${info.uid} ${info.mtimeMs}\n`);
    if (info.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (info.isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name));
    else hash.update(readFileSync(path));
  };
  walk(dir);
  return hash.digest('hex');
}

/** What a run left in the cache beside the store itself: work trees, and git's notes of them. */
export function leftovers(cache: string): string[] {
  const entries = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
  return entries(join(cache, 'trees')).flatMap(name => [
    ...entries(join(cache, 'trees', name, 'work')),
    ...entries(join(cache, 'trees', name, 'made.git', 'worktrees')),
  ]);
}
