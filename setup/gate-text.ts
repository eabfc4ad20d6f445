// SPDX-License-Identifier: MIT
// The gates that read files as text: the licence line of every source, and the syntax of every shell script.
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SOURCE = /\.(ts|js|c|h|sh)$/;

/** Every source and every script says SPDX-License-Identifier: MIT within its first three lines. */
export async function checkSpdx(root: string): Promise<string> {
  const sources = (await sourceTexts(root)).filter(({ path, text }) => SOURCE.test(path) || text.startsWith('#!'));
  if (sources.length === 0) return 'there is no source to check: the gate reads the wrong folder';
  return sources
    .filter(({ text }) => !text.split('\n', 3).join('\n').includes('SPDX-License-Identifier: MIT'))
    .map(({ path }) => `${path}: no line "SPDX-License-Identifier: MIT" among the first three`)
    .join('\n');
}

/** Every shell script is read to its end by the shell that its first line names. */
export async function checkShell(root: string): Promise<string> {
  const scripts = (await sourceTexts(root)).filter(
    ({ path, text }) => /^#!.*\b(sh|bash)\b/.test(text) || path.endsWith('.sh'),
  );
  if (scripts.length === 0) return 'there is no script to check: the gate reads the wrong folder';
  const wrong: string[] = [];
  for (const { path, text } of scripts) {
    const shell = /^#!.*\bbash\b/.test(text) ? 'bash' : 'sh';
    const ran = await execa(shell, ['-n', path], { cwd: root, reject: false, all: true });
    if (ran.failed) wrong.push(ran.all);
  }
  return wrong.join('\n');
}

/** What git knows or would add, but fixtures and examples, which are other people's words. */
async function sourceTexts(root: string): Promise<{ path: string; text: string }[]> {
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const paths = [...new Set(stdout.split('\0'))].filter(
    path => path !== '' && !/^(test\/fixtures|examples)\//.test(path),
  );
  const texts = paths.map(async path => ({ path, text: await readFile(join(root, path), 'utf8').catch(() => '') }));
  return (await Promise.all(texts)).filter(({ text }) => text !== '');
}
