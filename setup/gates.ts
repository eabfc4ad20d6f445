// SPDX-License-Identifier: MIT
// `node setup/gates.ts [GATE…]`: every gate of `npm run check`, each run even where one before it failed. Changes nothing in the checkout.
import { execa } from 'execa';
import { resolve } from 'node:path';
import { checkC } from './gate-c.ts';
import { checkShell, checkSpdx } from './gate-text.ts';

/** What a gate says: nothing where all is well, else what is wrong and where. Reading no file at all is wrong too. */
type Gate = (root: string) => Promise<string>;

const root = resolve(import.meta.dirname, '..');
const GATES: Readonly<Record<string, Gate>> = {
  format: program('prettier', '--check', '--log-level', 'warn', '.'),
  spdx: checkSpdx,
  shell: checkShell,
  lint: program('eslint', '--max-warnings', '0', '.'),
  types: program('tsc', '--noEmit', '-p', '.'),
  unused: program('knip', '--no-progress', '--no-config-hints'),
  c: checkC,
  tests: async () => {
    const ran = await execa('node', ['setup/rings.ts'], {
      cwd: root,
      reject: false,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return ran.failed ? 'see above' : '';
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !(name in GATES));
if (unknown.length > 0) {
  process.stderr.write(`no gate named ${unknown.join(', ')}: there are ${Object.keys(GATES).join(', ')}\n`);
  process.exit(2);
}
let failed = 0;
for (const [name, gate] of Object.entries(GATES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = Date.now();
  const wrong = await gate(root);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    wrong === '' ? `${name}: ok (${seconds} s)\n` : `${wrong.trimEnd()}\n${name}: FAILED (${seconds} s)\n`,
  );
  if (wrong !== '') failed++;
}
process.exitCode = failed > 0 ? 1 : 0;

function program(name: string, ...args: string[]): Gate {
  return async dir => {
    const node = resolve(dir, 'node_modules/.bin/node');
    const ran = await execa(node, [resolve(dir, 'node_modules/.bin', name), ...args], {
      cwd: dir,
      reject: false,
      all: true,
    });
    return ran.failed ? ran.all || String(ran.shortMessage) : '';
  };
}
