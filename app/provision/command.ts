// SPDX-License-Identifier: MIT
// One place where provisioning starts a program and turns its failure into an error a person can act on. Knows nothing of what it runs.
import { execa } from 'execa';
import { AbideError, type ErrorCode } from '../errors.ts';

export interface CommandOptions {
  /** What is being tried, as the start of a sentence: `fetching the kernel's package list`. */
  readonly doing: string;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly seconds?: number;
}

/** Runs it to its end and gives its stdout. Throws `tool-missing` where the program is not there, else the given code with its last words. */
export async function command(argv: readonly [string, ...string[]], options: CommandOptions): Promise<string> {
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    env: { LC_ALL: 'C.UTF-8', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.seconds === undefined ? {} : { timeout: options.seconds * 1000, forceKillAfterDelay: 1000 }),
  });
  if (!result.failed) return result.stdout;
  if (result.code === 'ENOENT') {
    throw new AbideError('tool-missing', `${options.doing}: ${file} is not installed`, {
      hint: 'run `npm start`: it installs what is missing, or prints the command that does',
      cause: result,
    });
  }
  const why = result.timedOut
    ? `no answer within ${String(options.seconds)} s`
    : lastWords(result.stderr, result.exitCode);
  const full = result.stderr.includes('No space left on device');
  throw new AbideError(full ? 'disk-full' : options.code, `${options.doing} failed: ${why}`, {
    hint: full ? 'make room there, or point ABIDE_CACHE at a folder with more' : options.hint,
    cause: result,
  });
}

/** The lines a program's error ends with, apt's `E:` and git's `fatal:` first. */
function lastWords(stderr: string, status: number | undefined): string {
  const lines = stderr.split('\n').filter(line => line.trim() !== '');
  const errors = lines.filter(line => /^(E:|Err:|fatal:|error:)/.test(line));
  const chosen = (errors.length > 0 ? errors : lines).slice(-3);
  return chosen.length > 0 ? chosen.join('; ') : `exit status ${String(status)}`;
}
