// SPDX-License-Identifier: MIT
// A process of its own that runs a guest, for tests that kill it: LAB-FOLDER VERSION VMLINUZ MODULES SCRIPT.
import { join } from 'node:path';
import { runGuest } from '../../app/lab/vm.ts';
import { sh } from './support.ts';

const [dir = '', version = '', vmlinuz = '', modules = '', script = ''] = process.argv.slice(2);
const run = await runGuest(
  { payload: join(dir, 'payload'), steps: [sh('child', script, { timeoutSeconds: 300 })], onProgress: console.log },
  { cache: join(dir, 'cache'), kernel: { version, vmlinuz, modules }, accel: 'tcg' },
);
console.log(run.steps.map(one => one.outcome).join(' '));
