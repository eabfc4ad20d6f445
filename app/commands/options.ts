// SPDX-License-Identifier: MIT
// What several subcommands take the same way.
import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { AbideError } from '../errors.ts';
import { CHECKS, type Check } from '../model/index.ts';
import type { App } from '../main.ts';

/** The checks that this version can make, which are also the ones made where none is named. */
export const AVAILABLE: readonly Check[] = ['rules', 'apply', 'build', 'odp'];

/** `rules,build` → checks in the order in which they are made. */
export function parseChecks(list: string): Check[] {
  const names = list
    .split(',')
    .map(name => name.trim())
    .filter(Boolean);
  const unknown = names.find(name => !(CHECKS as readonly string[]).includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new InvalidArgumentError(
      `${unknown === undefined ? 'no check is named' : `there is no check "${unknown}"`}; there are ${CHECKS.join(', ')}.`,
    );
  }
  const missing = names.find(name => !(AVAILABLE as readonly string[]).includes(name));
  if (missing !== undefined)
    throw new InvalidArgumentError(`the check "${missing}" is not in this version; there are ${AVAILABLE.join(', ')}.`);
  return CHECKS.filter(check => names.includes(check));
}

/** To stdout, or to `file`. @throws AbideError `usage` where the file cannot be written */
export async function output(text: string, file: string | undefined, app: App): Promise<void> {
  app.progress('');
  if (file === undefined) {
    await new Promise<void>(resolve => process.stdout.write(text, () => resolve()));
    return;
  }
  await writeFile(file, text).catch((cause: unknown) => {
    throw new AbideError('usage', `--output ${file}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, {
      cause,
    });
  });
}
