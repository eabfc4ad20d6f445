// SPDX-License-Identifier: MIT
// A warm review of a series that touches one file, from mail to full verdict: base built and guest saved before, the patch itself new each time.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { treeDir } from '../test/support/env.ts';

const ROUNDS = 3;
const PATH = 'providers/rxe/rxe.c';
const root = resolve(import.meta.dirname, '..');

/** Median seconds of `abide review`, and what its parts took. @throws where a review does not end with the verdict pass */
export async function secondsOfWarmReview(): Promise<{ seconds: number; parts: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'abide-bench-'));
  try {
    const mails = Array.from({ length: ROUNDS + 1 }, (_, round) => formatOneFilePatch(dir, round));
    await timed(mails[0]!);
    const measured = [];
    for (const mail of mails.slice(1)) measured.push(await timed(mail));
    return measured.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(ROUNDS / 2)]!;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A new last line of the provider's source, so that just this file is compiled and two libraries are linked. */
function formatOneFilePatch(dir: string, round: number): string {
  const repo = join(dir, `repo${round}`);
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: dir,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: dir, GIT_CONFIG_NOSYSTEM: '1', ...IDENTITY },
    });
  git('clone', '--quiet', '--shared', '--', treeDir, repo);
  const text = execFileSync('git', ['-C', repo, 'show', `HEAD:${PATH}`], { encoding: 'utf8' });
  const line = `static const char bench_round[] __attribute__((unused)) = "${round}";`;
  writeFileSync(join(repo, PATH), `${text}\n${line}\n`);
  git('-C', repo, 'commit', '--quiet', '-am', `providers/rxe: Round ${round} of a measurement`);
  const mail = join(dir, `${round}.patch`);
  writeFileSync(mail, git('-C', repo, 'format-patch', '--stdout', '--full-index', '-1'));
  return mail;
}

const IDENTITY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap(who => [
    [`GIT_${who}_NAME`, 'Bench'],
    [`GIT_${who}_EMAIL`, 'bench@example.org'],
  ]),
);

async function timed(mail: string): Promise<{ seconds: number; parts: string }> {
  const started = performance.now();
  const { stdout, exitCode, stderr } = await execa(
    resolve(root, 'abide'),
    ['review', mail, '--tree', treeDir, '--format', 'json'],
    { reject: false },
  );
  const seconds = (performance.now() - started) / 1000;
  const report = JSON.parse(stdout || '{}') as {
    verdict?: string;
    because?: string;
    runs?: { target: string; steps: { name: string; seconds: number }[] }[];
  };
  if (exitCode !== 0) throw new Error(`the review ended with ${String(exitCode)}: ${report.because ?? stderr}`);
  const patched = report.runs?.find(run => run.target === 'patched')?.steps ?? [];
  return { seconds, parts: patched.map(step => `${step.name} ${step.seconds.toFixed(1)}`).join(', ') };
}
