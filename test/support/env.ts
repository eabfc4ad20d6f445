// SPDX-License-Identifier: MIT
// The machine's facts for tests; the only file under test/ that reads the environment. What is not there fails with what to do.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readConfig } from '../../app/config.ts';
import { managedTreeDir } from '../../app/provision/tree.ts';

const config = readConfig(process.env, { stdoutIsTty: false });

/** The user's cache, where kernel, tree and cached builds are. */
export const cacheDir: string = config.cache;

/** A repository with a current tree of rdma-core, perhaps without history. */
export const treeDir: string = config.tree ?? managedTreeDir(config.cache);

if (!existsSync(treeDir)) {
  throw new Error(
    `the tests need a tree of rdma-core, and ${treeDir} is not there: run \`npm test\`, which fetches one`,
  );
}

/** A repository with the whole history of rdma-core (ABIDE_HISTORY, or the tree itself where it has it), if there is one. */
export const historyDir: string | undefined = findHistory();

function findHistory(): string | undefined {
  const named = process.env['ABIDE_HISTORY'];
  if (named !== undefined && named !== '') {
    if (hasHistory(named)) return named;
    throw new Error(
      `ABIDE_HISTORY names ${named}, which does not hold the history of rdma-core: point it at a full clone`,
    );
  }
  return hasHistory(treeDir) ? treeDir : undefined;
}

function hasHistory(dir: string): boolean {
  // A commit of 2014: only a full clone reaches back so far.
  try {
    execFileSync('git', ['-C', dir, 'cat-file', '-e', '389de6a6e^{commit}'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** ABIDE_UPDATE_GOLDENS=1: tests write what they got over what they expect, for a person to read in `git diff`. */
export const updateGoldens: boolean = process.env['ABIDE_UPDATE_GOLDENS'] === '1';
