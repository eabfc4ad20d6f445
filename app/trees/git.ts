// SPDX-License-Identifier: MIT
// How git is started: simple-git for commands, execa for streams, always with an environment of our own. Nothing of the user's or the system's
// configuration is read, no hook, pager, editor or credential helper can start. The only user of simple-git.
import { execa } from 'execa';
import { simpleGit } from 'simple-git';
import { AbideError } from '../errors.ts';
import { clean } from './words.ts';

/** Where git runs. */
export interface Place {
  readonly cwd: string;
  /** A folder of ours that holds nothing but a .gitconfig with `safe.directory = *`: repositories may be somebody else's. */
  readonly home: string;
}

export interface GitResult {
  /** undefined where a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface GitOptions {
  /** Not empty: simple-git 4.0.2 then leaves stdin open, and git waits for ever. */
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds without a word after which git is taken for stuck and ended; seen as an end by a signal. */
const PATIENCE = 300_000;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function gitEnv(place: Place, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH,
    HOME: place.home,
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    // A partial clone must not go to the network, nor to the command that its own configuration names.
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Discovery looks at the folder named and not above it.
    GIT_CEILING_DIRECTORIES: place.cwd.replace(/\/[^/]*\/*$/, '') || '/',
    ...more,
  };
}

/**
 * Runs git to its end and says how it ended; a failing git is a value. Throws only where git cannot be started.
 * simple-git 4.0.2 takes an exit by a signal, and one without a word on stderr, for success: hence the look at the status in `errors`.
 */
export async function git(place: Place, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  const env = gitEnv(place, options.env);
  let seen: { exitCode: unknown; stdOut: Buffer[]; stdErr: Buffer[] } | undefined;
  const one = simpleGit({
    baseDir: place.cwd,
    allowEnvironment: Object.keys(env),
    completion: { onClose: true, onExit: false },
    timeout: { block: PATIENCE },
    errors: (_, result) => void (seen = result),
    ...(options.input === undefined ? {} : { input: () => options.input }),
  }).env(env);
  try {
    await one.raw([...args]);
  } catch (cause) {
    throw new AbideError('git-failed', `git ${args[0]} could not be started: ${clean(cause)}`, { cause });
  }
  const status = typeof seen?.exitCode === 'number' ? seen.exitCode : undefined;
  // Node reports a program that cannot be started as a negative code.
  if (status !== undefined && status < 0) {
    throw new AbideError('tool-missing', 'git could not be started', { hint: 'apt-get install git' });
  }
  return {
    status,
    stdout: Buffer.concat(seen?.stdOut ?? []),
    stderr: Buffer.concat(seen?.stdErr ?? []).toString('utf8'),
  };
}

/** As `git`, for what has no reason to fail: its stdout as text without the last line end, or `git-failed`, `disk-full`. */
export async function gitText(place: Place, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await git(place, args, options);
  if (result.status !== 0) throw gitFailed(args, result);
  return result.stdout.toString('utf8').replace(/\n$/, '');
}

export function gitFailed(args: readonly string[], result: Pick<GitResult, 'status' | 'stderr'>): AbideError {
  const how = result.status === undefined ? 'was ended by a signal' : `ended with status ${result.status}`;
  const words = clean(result.stderr);
  const full = MACHINE.test(result.stderr) && DISK.test(result.stderr);
  return new AbideError(full ? 'disk-full' : 'git-failed', `git ${args[0]} ${how}${words && `: ${words}`}`, {
    ...(full ? { hint: 'make room in the cache folder, or name another one' } : {}),
  });
}

/** strerror(3) at a line's end, as git prints it: the machine's fault and nobody else's. */
export const MACHINE =
  /(?:: (?:No space left on device|Disk quota exceeded|File too large|Cannot allocate memory|Resource temporarily unavailable|Read-only file system|Permission denied|Too many open files(?: in system)?|Input\/output error)| Out of diskspace|Out of memory, .*)$/m;
const DISK = /No space left on device|Disk quota exceeded|File too large|Out of diskspace/;

/** Bytes of a git command that prints much. Same environment, no simple-git, as that decodes and keeps everything. */
export async function gitBytes(place: Place, args: readonly string[], input?: Uint8Array): Promise<Buffer> {
  const { stdout } = await execa('git', args, {
    cwd: place.cwd,
    env: gitEnv(place),
    extendEnv: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  }).catch((cause: { exitCode?: number; stderr?: Uint8Array }) => {
    throw gitFailed(args, { status: cause.exitCode, stderr: Buffer.from(cause.stderr ?? []).toString('utf8') });
  });
  return Buffer.from(stdout);
}
