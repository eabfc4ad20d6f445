// SPDX-License-Identifier: MIT
// The replay over a small history of our own making, bare and read-only.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { replay, type ReplayOptions } from '../app/replay.ts';

interface Line {
  sha: string;
  verdict: string;
  findings: { rule: string; severity: string; path: string; line: number; symbol: string; message: string }[];
  ms: number;
  summary?: { commits: number; seconds: number; findings: number };
}

const struct = (...slots: string[]): string =>
  [
    'struct verbs_context {',
    '\t/* "grows up" - new fields go here */',
    ...slots.map(slot => `\t${slot}`),
    '\tsize_t sz;',
    '\tstruct ibv_context context;',
    '};',
    '',
  ].join('\n');
const A = 'int (*a)(void);';
const B = 'int (*b)(int x);';

describe('replay', () => {
  let folder: string;
  let gitDir: string;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', join(folder, 'tree'), ...args], {
      encoding: 'utf8',
      env: {
        ...{ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder, GIT_CONFIG_NOSYSTEM: '1', TZ: 'UTC', LC_ALL: 'C' },
        ...{
          GIT_AUTHOR_NAME: 'A',
          GIT_AUTHOR_EMAIL: 'a@example.com',
          GIT_COMMITTER_NAME: 'A',
          GIT_COMMITTER_EMAIL: 'a@example.com',
        },
        ...{ GIT_AUTHOR_DATE: '2020-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2020-01-01T00:00:00Z' },
      },
    }).trim();
  const commit = (subject: string, files: Record<string, string>): string => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'tree', path)), { recursive: true });
      writeFileSync(join(folder, 'tree', path), text);
    }
    git('add', '-A');
    git('commit', '-qm', subject);
    return git('rev-parse', 'HEAD');
  };
  const run = async (options: Omit<ReplayOptions, 'gitDir' | 'out'>): Promise<Line[]> => {
    let text = '';
    await replay({ gitDir, ...options, out: { write: part => (text += part) } });
    return text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Line);
  };
  const shas: Record<string, string> = {};

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'abide-replay-'));
    mkdirSync(join(folder, 'tree'));
    git('init', '-q', '-b', 'master');
    shas['first'] = commit('first', { 'libibverbs/verbs.h': struct(A), README: 'one\n' });
    git('tag', 'v1.0');
    shas['fresh'] = commit('a slot', { 'libibverbs/verbs.h': struct(B, A) });
    shas['taken'] = commit('taken back before any release', { 'libibverbs/verbs.h': struct(A) });
    shas['broken'] = commit('a released slot goes', { 'libibverbs/verbs.h': struct() });
    git('mv', 'libibverbs/verbs.h', 'libibverbs/other.h');
    shas['readme'] = commit('nothing to judge', { README: 'two\n', 'odd name\t".txt': 'x' });
    git('checkout', '-q', '-b', 'side', shas['first']);
    shas['pair'] = commit('a pair, on a branch', { 'libibverbs/verbs.h': struct('int (*drv_c)(int x);', A) });
    git('checkout', '-q', 'master');
    git('merge', '-q', '--no-ff', '-s', 'ours', '-m', 'merge', 'side');
    gitDir = join(folder, 'bare.git');
    execFileSync('git', ['clone', '-q', '--bare', join(folder, 'tree'), gitDir]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('judges each commit of a range by itself, oldest first, merges left out, and ends with the sums', async () => {
    const lines = await run({ range: 'master' });
    const summary = lines.pop()!.summary!;
    assert.deepEqual(new Set(lines.map(line => line.sha)), new Set(Object.values(shas)));
    assert.equal(lines[0]!.sha, shas['first']);
    assert.deepEqual([summary.commits, summary.findings], [6, 2]);
    const verdicts = Object.fromEntries(
      Object.entries(shas).map(([name, sha]) => [name, lines.find(line => line.sha === sha)!.verdict]),
    );
    assert.deepEqual(verdicts, {
      first: 'pass',
      fresh: 'pass',
      taken: 'pass',
      broken: 'fail',
      readme: 'pass',
      pair: 'fail',
    });
  });

  it('knows what the newest release before a commit shipped', async () => {
    const [line] = await run({ shas: [shas['broken']!] });
    assert.equal(line!.findings[0]!.rule, 'vctx-slot-no-placeholder');
    assert.match(line!.findings[0]!.message, /v1\.0 shipped it/);
    assert.deepEqual(
      [line!.findings[0]!.path, line!.findings[0]!.line, line!.findings[0]!.symbol],
      ['libibverbs/verbs.h', 3, 'verbs_context.a'],
    );
  });

  it('takes commits from a file, in its order, abbreviated', async () => {
    const list = join(folder, 'shas');
    writeFileSync(list, `${shas['pair']!.slice(0, 10)}\n\n${shas['first']!} the first\n`);
    const lines = await run({ shas: list });
    assert.deepEqual(
      lines.slice(0, 2).map(line => line.sha),
      [shas['pair'], shas['first']],
    );
  });

  it('says which commit or range it does not know', async () => {
    await assert.rejects(run({ shas: ['0123456789'] }), { code: 'revision-unknown' });
    await assert.rejects(run({ range: 'v1.0..nowhere' }), { code: 'revision-unknown' });
    await assert.rejects(run({ range: '--all' }), { code: 'revision-unknown' });
    await assert.rejects(run({ shas: join(folder, 'absent') }), { code: 'input-unreadable' });
  });

  it('stops when it is told to', async () => {
    await assert.rejects(run({ range: 'master', signal: AbortSignal.abort() }), { code: 'interrupted' });
  });

  const untimed = (lines: readonly Line[]): unknown[] =>
    lines.map(({ ms: _, summary, ...line }) => (summary === undefined ? line : { ...summary, seconds: 0 }));

  it('says the same in threads, in the same order', async () => {
    assert.deepEqual(untimed(await run({ range: 'master', jobs: 3 })), untimed(await run({ range: 'master' })));
    assert.deepEqual(untimed(await run({ shas: [], jobs: 2 })), [{ commits: 0, seconds: 0, findings: 0 }]);
  });

  it('stops its threads when it is told to, before and in the middle', async () => {
    await assert.rejects(run({ range: 'master', jobs: 2, signal: AbortSignal.abort() }), { code: 'interrupted' });
    const abort = new AbortController();
    const out = { write: () => abort.abort() };
    await assert.rejects(replay({ gitDir, range: 'master', jobs: 2, signal: abort.signal, out }), {
      code: 'interrupted',
    });
  });

  it('hands on what goes wrong in a thread', async () => {
    const broken = join(folder, 'broken.git');
    cpSync(join(folder, 'tree', '.git'), broken, { recursive: true });
    const tree = git('rev-parse', `${shas['fresh']!}^{tree}`);
    rmSync(join(broken, 'objects', tree.slice(0, 2), tree.slice(2)));
    for (const jobs of [1, 2])
      await assert.rejects(
        replay({ gitDir: broken, range: 'master', jobs, out: { write: () => undefined } }),
        { code: 'git-failed' },
        `${jobs}`,
      );
  });

  it('writes nothing to the repository', async () => {
    const seen = (): string[] =>
      readdirSync(gitDir, { recursive: true, encoding: 'utf8' })
        .sort()
        .map(name => `${name} ${statSync(join(gitDir, name)).mtimeMs}`);
    const before = seen();
    await run({ range: 'master' });
    assert.deepEqual(seen(), before);
  });
});
