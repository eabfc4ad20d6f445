// SPDX-License-Identifier: MIT
// The settings, from the environment that main.ts hands in. Every setting has its default here and its line in the README.
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { AbideError } from './errors.ts';

export interface Config {
  /** Kernels, built trees, saved guests, the managed tree: all can be made again. */
  readonly cache: string;
  /** The rdma-core tree under test where `--tree` names none. */
  readonly tree: string | undefined;
  /** Where the managed tree is cloned from. */
  readonly treeUrl: string;
  readonly accel: 'auto' | 'kvm' | 'tcg';
  readonly color: boolean;
}

export const DEFAULT_TREE_URL = 'https://github.com/linux-rdma/rdma-core.git';

const schema = z.object({
  ABIDE_CACHE: z.string().min(1).optional(),
  ABIDE_TREE: z.string().min(1).optional(),
  ABIDE_TREE_URL: z
    .string()
    .regex(/^(https?|git|file):\/\//, 'must be an http, git or file URL')
    .default(DEFAULT_TREE_URL),
  ABIDE_ACCEL: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  XDG_CACHE_HOME: z.string().optional(),
  HOME: z.string().optional(),
  NO_COLOR: z.string().optional(),
  FORCE_COLOR: z.string().optional(),
});

/** @throws AbideError `config-invalid`, naming the variable */
export function readConfig(
  environment: Record<string, string | undefined>,
  terminal: { stdoutIsTty: boolean },
): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new AbideError('config-invalid', `environment variable ${issue.path.join('.')}: ${issue.message}`);
  }
  const env = parsed.data;
  // The XDG base directory specification: a relative XDG_CACHE_HOME is invalid and to be ignored.
  const xdg =
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), '.cache');
  return {
    cache: env.ABIDE_CACHE ? resolve(env.ABIDE_CACHE) : join(xdg, 'abide'),
    tree: env.ABIDE_TREE ? resolve(env.ABIDE_TREE) : undefined,
    treeUrl: env.ABIDE_TREE_URL,
    accel: env.ABIDE_ACCEL,
    color: env.NO_COLOR ? false : env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : terminal.stdoutIsTty,
  };
}
