// SPDX-License-Identifier: MIT
// `node setup/machine.ts [--for-tests]`: the part of the set-up behind the npm packages. Its last line says what it found or made.
import { readConfig } from '../app/config.ts';
import { AbideError } from '../app/errors.ts';
import { ensureMachine } from '../app/provision/machine.ts';
import { showProgress } from './progress.ts';

const progress = showProgress(process.stderr);
try {
  const { cache, tree, treeUrl } = readConfig(process.env, { stdoutIsTty: false });
  const machine = await ensureMachine({
    cache,
    tree,
    treeUrl,
    forTests: process.argv.includes('--for-tests'),
    root: process.getuid?.() === 0,
    onProgress: line => {
      progress.say(line);
    },
  });
  progress.end();
  process.stderr.write(`Ready: tree ${machine.tree}, kernel ${machine.kernel.version}\n`);
} catch (error) {
  progress.end();
  if (!(error instanceof AbideError)) throw error;
  process.stderr.write(`\nSet-up stopped: ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`What to do: ${error.hint}\n`);
  process.exitCode = 1;
}
