// SPDX-License-Identifier: MIT
// `npm run new:rule` makes what test/rules.test.ts expects, and an example that fails.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadParsers } from '../app/abi/index.ts';
import { exampleChange, judge, type Rule } from '../app/review/index.ts';

const root = join(import.meta.dirname, '..');
const script = join(root, 'setup/new-rule.ts');

describe('npm run new:rule', () => {
  let folder: string;
  before(loadParsers);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'new-rule-'));
    cpSync(join(root, 'rules'), join(folder, 'rules'), { recursive: true });
    // The file's imports lead where they will from rules/.
    symlinkSync(join(root, 'app'), join(folder, 'app'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const make = (name: string): string =>
    execFileSync(process.execPath, [script, name, join(folder, 'rules')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  for (const name of ['aa-first', 'enum-value-shift', 'zz-last'])
    it(`writes ${name} and puts it in its place in the index`, async () => {
      make(name);
      const { rules } = (await import(pathToFileURL(join(folder, 'rules/index.ts')).href)) as { rules: Rule[] };
      const names = rules.map(rule => rule.name);
      assert.ok(names.includes(name));
      assert.deepEqual(names, [...names].sort());
      const rule = rules.find(each => each.name === name)!;
      const [bad] = rule.examples.bad;
      assert.equal(judge(exampleChange(bad!), [rule]).length, 0, 'the example fails until the rule is written');
      assert.equal(bad!.finds.length, 1);
    });

  it('refuses a name that is taken or no name, and leaves the index alone', () => {
    const index = readFileSync(join(folder, 'rules/index.ts'), 'utf8');
    for (const name of ['vctx-not-at-top', 'Bad Name', '../x-y', '']) {
      const { status, stderr } = spawnSync(process.execPath, [script, name, join(folder, 'rules')], {
        encoding: 'utf8',
      });
      assert.equal(status, 2);
      assert.match(stderr, /\S/);
    }
    assert.equal(readFileSync(join(folder, 'rules/index.ts'), 'utf8'), index);
  });
});
