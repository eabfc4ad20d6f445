// SPDX-License-Identifier: MIT
// For the build tests: repositories and series made on the spot. Nothing here builds.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Series } from '../../app/model/series.ts';
import { readSeries } from '../../app/series/index.ts';

const DATE = '2026-01-02T03:04:05Z';
const ENV = {
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
  GIT_AUTHOR_NAME: 'A Tester',
  GIT_AUTHOR_EMAIL: 'tester@example.org',
  GIT_AUTHOR_DATE: DATE,
  GIT_COMMITTER_NAME: 'A Tester',
  GIT_COMMITTER_EMAIL: 'tester@example.org',
  GIT_COMMITTER_DATE: DATE,
};

/** A repository in a folder of its own; with `over`, one that sees that repository's objects. */
export class Repository implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'abide-build-test-'));
  readonly gitDir = join(this.dir, '.git');

  constructor(over?: string) {
    if (over === undefined) this.git('init', '-q');
    else execFileSync('git', ['clone', '-q', '--shared', over, this.dir], { env: ENV, stdio: 'pipe' });
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.dir, env: ENV, encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
  }

  /** Writes the files, commits them, and returns the commit. */
  commit(subject: string, files: Record<string, string>): string {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(this.dir, dirname(path)), { recursive: true });
      writeFileSync(join(this.dir, path), text);
    }
    this.git('add', '-A');
    this.git('commit', '-q', '--no-verify', '-m', subject);
    return this.git('rev-parse', 'HEAD');
  }

  read(path: string): string {
    return execFileSync('git', ['show', `HEAD:${path}`], { cwd: this.dir, env: ENV, encoding: 'utf8' });
  }

  /** What the lab is handed after `from..HEAD` was mailed, read and applied. */
  async applied(
    from: string,
  ): Promise<{ applied: { base: { commit: string; how: string }; commits: string[] }; series: Series }> {
    const mbox = this.git('format-patch', '--stdout', '--full-index', '-M', `${from}..HEAD`);
    const mails = mbox.split(/^(?=From [0-9a-f]{40} )/m).map((text, index) => ({
      source: 'test',
      cursor: String(index),
      bytes: Buffer.from(`${text}\n`),
    }));
    const [series] = await readSeries(mails);
    if (series === undefined) throw new Error('no series came of the patches');
    const commits = this.git('rev-list', '--reverse', `${from}..HEAD`).split('\n');
    return { applied: { base: { commit: from, how: 'the test says so' }, commits }, series };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
