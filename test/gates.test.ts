// SPDX-License-Identifier: MIT
// Each gate of `npm run check` sees what it should: a copy of the checkout is fed one bad file, and the gate must fail and name it.
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const SPDX = '// SPDX-License-Identifier: MIT\n';

describe('the gates of npm run check', function () {
  this.timeout(180_000);
  let copy: string;

  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'gates-'));
    const { stdout } = await execa('git', ['ls-files', '-z'], { cwd: root });
    for (const path of stdout.split('\0').filter(Boolean)) {
      await cp(join(root, path), join(copy, path), { verbatimSymlinks: true }).catch(() => undefined);
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    await execa('git', ['init', '--quiet'], { cwd: copy });
  });
  after(async () => {
    await rm(copy, { recursive: true });
  });

  async function gate(name: string): Promise<{ failed: boolean; said: string }> {
    const ran = await execa(join(copy, 'node_modules/.bin/node'), ['setup/gates.ts', name], {
      cwd: copy,
      reject: false,
      all: true,
    });
    return { failed: ran.failed, said: ran.all };
  }

  interface Bad {
    readonly path: string;
    readonly text: string;
    /** What the gate must say of it. */
    readonly why: RegExp;
  }

  /** Puts the files there, or the text at a file's end, for as long as the gate runs once. It must fail and say of each why. */
  async function sees(name: string, bads: readonly Bad[]): Promise<void> {
    const befores = new Map<string, Buffer | undefined>();
    for (const { path, text } of bads) {
      const file = join(copy, path);
      befores.set(file, await readFile(file).catch(() => undefined));
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, text);
    }
    try {
      const { failed, said } = await gate(name);
      assert.ok(failed, `${name} passed`);
      for (const { path, why } of bads) {
        const about = partAbout(path, said);
        assert.ok(about !== undefined, `${name} did not name ${path}:\n${said}`);
        assert.match(about, why, `${name} about ${path}`);
      }
    } finally {
      for (const [file, before] of befores) await (before === undefined ? rm(file) : writeFile(file, before));
    }
  }

  /** From where the path is named to the next empty line. */
  function partAbout(path: string, said: string): string | undefined {
    const at = said.indexOf(path);
    const start = said.lastIndexOf('\n\n', at);
    const end = said.indexOf('\n\n', at);
    return at < 0 ? undefined : said.slice(start < 0 ? 0 : start, end < 0 ? undefined : end);
  }

  it('format: a line that prettier would write otherwise', () =>
    sees('format', [
      { path: 'app/series/bad.ts', text: `${SPDX}export const x = "1"\n`, why: /app\/series\/bad\.ts/ },
    ]));

  it('spdx: a source, a C source and a script without the line', () =>
    sees('spdx', [
      { path: 'app/series/bad.ts', text: '\n', why: /app\/series\/bad\.ts: no line "SPDX/ },
      { path: 'native-check/tests/bad.c', text: '\n', why: /tests\/bad\.c: no line "SPDX/ },
      { path: 'setup/bad', text: '#!/bin/sh\n', why: /setup\/bad: no line "SPDX/ },
    ]));

  it('shell: scripts that do not parse, for sh and for bash', () =>
    sees('shell', [
      { path: 'setup/bad.sh', text: 'if true; then\n', why: /bad\.sh: .*(end of file|unexpected)/i },
      { path: 'setup/worse', text: '#!/bin/bash\ncase x in\n', why: /worse: .*(end of file|unexpected)/i },
    ]));

  it('types: a wrong type, in the product, a rule, a test and the set-up', () =>
    sees(
      'types',
      ['app/series/bad.ts', 'rules/bad.ts', 'test/bad.test.ts', 'setup/bad.ts'].map(path => ({
        path,
        text: `${SPDX}export const x: number = 'one';\n`,
        why: new RegExp(`${path}\\(2,14\\): error TS2322`),
      })),
    ));

  it('unused: an export nobody takes, a file nobody imports, a package nobody lists', () =>
    sees('unused', [
      { path: 'app/errors.ts', text: 'export const nobodyTakesThis = 1;\n', why: /nobodyTakesThis/ },
      { path: 'app/series/bad.ts', text: `${SPDX}export const x = 1;\n`, why: /Unused files/ },
      { path: 'test/bad.test.ts', text: `${SPDX}import 'left-pad';\n`, why: /left-pad/ },
    ]));

  it('c: a warning', () =>
    sees('c', [
      {
        path: 'native-check/tests/bad.c',
        text: `${SPDX}static int unused(void)\n{\n\treturn 1;\n}\n`,
        why: /Werror=unused-function/,
      },
    ]));

  it('c: what only the sanitizers see', () =>
    sees('c', [
      {
        path: 'native-check/bad.c',
        text: `${SPDX}__attribute__((constructor)) static void bad(void)\n{\n\tvolatile int big = 0x7fffffff;\n\n\tbig++;\n}\n`,
        why: /signed integer overflow/,
      },
    ]));

  it('lint: every import against the one-way flow, every wrong user, every promise let go', () =>
    sees('lint', [
      imports('app/reporters/bad.ts', 'command', '../provision/command.ts', /adapters import neither one another/),
      imports('app/review/bad.ts', 'findTree', '../provision/tree.ts', /pure code imports pure code/),
      imports('rules/bad.ts', 'findTree', '../app/provision/tree.ts', /pure code imports pure code/),
      imports('app/model/bad.ts', 'AbideError', '../errors.ts', /the model imports nothing/),
      imports('app/provision/bad-main.ts', 'compose', '../main.ts', /what is above them/),
      imports('app/provision/bad-replay.ts', 'readDiffs', '../replay/history.ts', /what is above them/),
      imports('app/bad.ts', 'showProgress', '../setup/progress.ts', /does not know its tools/),
      imports('app/series/bad.ts', 'readFileSync', 'node:fs', /a pure module does no I\/O/),
      imports('app/provision/bad-diff.ts', 'default as x', 'parse-diff', /app\/series is the only user of parse-diff/),
      imports('app/provision/bad-one.ts', 'other', './bad-other.ts', /import-x\/no-cycle/),
      imports('app/provision/bad-other.ts', 'one', './bad-one.ts', /import-x\/no-cycle/),
      {
        path: 'app/provision/bad-env.ts',
        text: `${SPDX}export const x = process.env['HOME'];\n`,
        why: /only app\/main\.ts reads the environment/,
      },
      {
        path: 'app/provision/bad-promise.ts',
        text: `${SPDX}export function x(): void {\n  Promise.resolve(1);\n}\n`,
        why: /no-floating-promises/,
      },
      {
        path: 'app/provision/bad-return.ts',
        text:
          `${SPDX}import { scratch } from './scratch.ts';\n\nexport async function x(use: () => Promise<number>) {\n` +
          `  await using place = await scratch('/');\n  return use();\n}\n`,
        why: /return-await/,
      },
    ]));

  function imports(path: string, name: string, from: string, why: RegExp): Bad {
    return { path, text: `${SPDX}export { ${name} } from '${from}';\n`, why };
  }

  it('every gate passes again once the bad file is gone, and an unknown gate is an error', async () => {
    for (const name of ['spdx', 'shell']) assert.equal((await gate(name)).failed, false, name);
    const { failed, said } = await gate('no-such-gate');
    assert.ok(failed);
    assert.match(said, /no gate named no-such-gate/);
  });
});
