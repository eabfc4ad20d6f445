// SPDX-License-Identifier: MIT
// `abide setup`: what a review needs beside its packages: a kernel for the guests and a tree to review against. A second time does nothing.
import type { Command } from 'commander';
import type { App } from '../main.ts';
import { ensureKernel } from '../provision/kernel.ts';
import { ensureTree } from '../provision/tree.ts';

export function addSetup(program: Command, app: App): void {
  program
    .command('setup')
    .description('fetch the kernel for the guests and the tree under test into the cache')
    .action(async () => {
      const { cache, treeUrl, tree } = app.config;
      // Its own words, terminal or not: it may take minutes, and it is what the person asked for.
      const onProgress = (line: string): void => void process.stderr.write(`abide: ${line}\n`);
      const kernel = await ensureKernel({ cache, flavour: 'newest', onProgress });
      process.stdout.write(`kernel  ${kernel.version}\n`);
      if (tree !== undefined) {
        process.stdout.write(`tree    ${tree} (ABIDE_TREE)\n`);
        return;
      }
      const managed = await ensureTree({ cache, url: treeUrl, onProgress });
      const from = managed.from === 'clone' ? `a clone of ${treeUrl}` : "Debian's source package";
      process.stdout.write(`tree    ${managed.version}, ${from}\n`);
    });
}
