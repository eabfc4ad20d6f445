// SPDX-License-Identifier: MIT
// Builds a base, and a series on it patch by patch, in the sandbox; ends with what a guest needs. Runs nothing of a tree outside it.
import type { Finding } from '../model/change.ts';
import type { Base } from '../model/report.ts';
import type { Step } from '../model/run.ts';
import type { Series } from '../model/series.ts';
import { prepareBase } from './build/base.ts';
import type { BuildOptions, Built } from './build/base.ts';
import { buildPatches } from './build/series.ts';

export type { BuildOptions, Built } from './build/base.ts';

/**
 * Configures and builds `commit`, or takes it from the cache. Without `built` the last step has outcome `error` and says why.
 * `commit` must come from a tree that is trusted: its objects are shared with later builds through ccache.
 * @throws AbideError tool-missing, sandbox-failed, git-failed, interrupted
 */
export async function buildBase(commit: string, options: BuildOptions): Promise<{ steps: Step[]; built?: Built }> {
  const { steps, built } = await prepareBase(commit, options);
  return { steps, ...(built === undefined ? {} : { built }) };
}

/**
 * Builds each patch in turn. A patch that does not build, or warns where the base did not, is a finding; `built` is the tip.
 * @throws AbideError base-build-failed and as buildBase
 */
export async function buildSeries(
  applied: { readonly base: Base; readonly commits: readonly string[] },
  series: Series,
  options: BuildOptions,
): Promise<{ steps: Step[]; findings: Finding[]; built?: Built }> {
  return await buildPatches(applied, series, options);
}
