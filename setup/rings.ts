// SPDX-License-Identifier: MIT
// `node setup/rings.ts [RING…]`: the tests, ring by ring. A ring that runs no test fails; the last line counts the whole.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { readConfig } from '../app/config.ts';
import { runRing, type Ring } from './ring.ts';

const HEAVY = ['test/build/**', 'test/vm/**'];
const RINGS: readonly Ring[] = [
  { name: 'pure', files: ['test/**/*.test.ts'], ignore: HEAVY, loopbackOnly: true, minutes: 15 },
  { name: 'build', files: ['test/build/**/*.test.ts'], ignore: [], loopbackOnly: false, minutes: 30 },
  { name: 'vm', files: ['test/vm/**/*.test.ts'], ignore: [], loopbackOnly: false, minutes: 30 },
];

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !RINGS.some(ring => ring.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no ring named ${unknown.join(', ')}: there are ${RINGS.map(ring => ring.name).join(', ')}\n`);
  process.exit(2);
}

const root = resolve(import.meta.dirname, '..');
const { cache } = readConfig(process.env, { stdoutIsTty: false });
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('ABIDE_') || name === 'CI')),
  PATH: `${resolve(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  ABIDE_CACHE: cache,
} as Record<string, string>;

const total = { passed: 0, failed: 0, skipped: 0 };
for (const ring of RINGS.filter(each => asked.length === 0 || asked.includes(each.name))) {
  process.stdout.write(`\n${ring.name}\n`);
  const started = Date.now();
  const result = await runRing(ring, { root, env, cache });
  const problems = [...result.problems];
  if (workTrees(ring.name) !== '') problems.push('it left a git work tree of this checkout behind');
  for (const problem of problems) process.stdout.write(`  FAILED ring ${ring.name}: ${problem}\n`);
  const failed = result.failed + problems.length;
  process.stdout.write(`${ring.name}: ${words(result.passed, failed, result.skipped)} in ${seconds(started)} s\n`);
  total.passed += result.passed;
  total.failed += failed;
  total.skipped += result.skipped;
}
process.stdout.write(`\n${words(total.passed, total.failed, total.skipped)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function words(passed: number, failed: number, skipped: number): string {
  return `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(0);
}

/** The checkout's work trees that are, or were, in the folder of a ring; what a person adds meanwhile is theirs. */
function workTrees(ring: string): string {
  try {
    const all = execFileSync('git', ['worktree', 'list', '--porcelain'], { cwd: root, encoding: 'utf8' });
    return all
      .split('\n')
      .filter(line => line.startsWith('worktree ') && line.includes(`/abide-${ring}-`))
      .join('\n');
  } catch {
    return ''; // not a clone
  }
}
