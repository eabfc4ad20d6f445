// SPDX-License-Identifier: MIT
// Series on the real tree of rdma-core: what builds, what does not, and how fast. Needs the tree that `npm test` fetches.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBase, buildSeries } from '../../app/lab/build.ts';
import type { BuildOptions } from '../../app/lab/build.ts';
import { cacheDir, treeDir } from '../support/env.ts';
import { Repository } from './support.ts';

const RXE = 'providers/rxe/rxe.c';
const nativeCheckDir = fileURLToPath(new URL('../../native-check', import.meta.url));

describe('building rdma-core', function () {
  this.timeout(15 * 60_000);

  let repository: Repository;
  let base: string;
  let options: BuildOptions;

  before(async () => {
    repository = new Repository(treeDir);
    base = repository.git('rev-parse', 'HEAD');
    options = { gitDir: repository.gitDir, cache: cacheDir, nativeCheckDir };
    const made = await buildBase(base, options);
    assert.ok(made.built, made.steps.map(step => `${step.name}: ${step.reason ?? ''}\n${step.log}`).join('\n'));
  });

  after(() => repository[Symbol.dispose]());
  beforeEach(() => repository.git('reset', '-q', '--hard', base));

  it('hands a guest small regular files and nothing else', async () => {
    const { built } = await buildBase(base, options);
    assert.ok(built);
    const paths = readdirSync(built.payload, { recursive: true, encoding: 'utf8' }).sort();
    const files = paths.filter(path => !statSync(join(built.payload, path)).isDirectory());
    assert.deepEqual(
      files.map(path => path.replace(/rdmav\d+/, 'rdmavNN')),
      [
        ...['ibv_devinfo', 'ibv_rc_pingpong', 'ibv_srq_pingpong', 'ibv_ud_pingpong', 'native-check'].map(
          name => `usr/local/bin/${name}`,
        ),
        'usr/local/etc/libibverbs.d/rxe.driver',
        'usr/local/lib/libibverbs.so.1',
        'usr/local/lib/libibverbs/librxe-rdmavNN.so',
      ],
    );
    const bytes = files.reduce((sum, path) => sum + statSync(join(built.payload, path)).size, 0);
    assert.ok(bytes < 4 << 20, `${bytes} bytes`);
  });

  it('builds a one-file patch from the kept base in seconds, and only what it touches', async () => {
    repository.commit('rxe: say something', { [RXE]: `${repository.read(RXE)}\n/* A word more. */\n` });
    const { applied, series } = await repository.applied(base);
    const started = Date.now();
    const { steps, findings, built } = await buildSeries(applied, series, options);
    const seconds = (Date.now() - started) / 1000;
    assert.deepEqual(findings, []);
    assert.ok(built);
    assert.equal(built.commit, applied.commits[0]);
    const build = steps.find(step => step.name === 'build 1/1');
    assert.equal(build?.outcome, 'pass');
    // The object and the library of rxe: two edges, not 345.
    assert.match(build?.log ?? '', /^\[1\/2\] .*rxe\.c\.o\n\[2\/2\] Linking/);
    assert.ok(seconds < 30, `${seconds} s`);
  });

  it('finds a patch that does not build, once, though the next repairs it', async () => {
    const clean = repository.read(RXE);
    repository.commit('rxe: one', { [RXE]: `${clean}/* one */\n` });
    repository.commit('rxe: two', {
      [RXE]: `${clean}/* one */\nint abide_two(void);\nint abide_two(void) { return missing; }\n`,
    });
    repository.commit('rxe: three', {
      [RXE]: `${clean}/* one */\nint abide_two(void);\nint abide_two(void) { return 2; }\n`,
    });
    const { applied, series } = await repository.applied(base);
    const { steps, findings, built } = await buildSeries(applied, series, options);
    assert.deepEqual(
      steps.map(step => [step.name, step.outcome]),
      [
        ['build 1/3', 'pass'],
        ['build 2/3', 'fail'],
        ['build 3/3', 'pass'],
        ['build native-check', 'pass'],
      ],
    );
    assert.equal(findings.length, 1);
    const [finding] = findings;
    assert.equal(finding?.rule, 'build-broken');
    assert.equal(finding?.severity, 'error');
    assert.deepEqual(finding?.at, { patch: 2, path: RXE, side: 'post', line: clean.split('\n').length + 2 });
    assert.match(finding?.message ?? '', /Patch 2\/3 does not build: 'missing' undeclared/);
    assert.match(finding?.witness ?? '', /return missing/);
    assert.ok(built);
  });

  it('finds a warning that the base does not have', async () => {
    const clean = repository.read(RXE);
    repository.commit('rxe: warn', { [RXE]: `${clean}static int abide_unused(void) { return 1; }\n` });
    const { applied, series } = await repository.applied(base);
    const { findings, built } = await buildSeries(applied, series, options);
    assert.ok(built);
    assert.deepEqual(
      findings.map(({ rule, severity, at }) => ({ rule, severity, at })),
      [
        {
          rule: 'build-warning',
          severity: 'warning',
          at: { patch: 1, path: RXE, side: 'post', line: clean.split('\n').length },
        },
      ],
    );
    assert.match(findings[0]?.message ?? '', /'abide_unused' defined but not used \[-Wunused-function\]/);
  });

  it('finds that a program written for the headers of the base no longer compiles', async () => {
    // A header that few files include, and a program of our own: a change of verbs.h builds all of rdma-core again.
    const path = 'providers/efa/efadv.h';
    const name = 'EFADV_DEVICE_ATTR_CAPS_RDMA_READ';
    using users = new Repository();
    const program = `#include <infiniband/efadv.h>\nint main(void) { return ${name} != 1; }\n`;
    users.commit('a program', { 'main.c': program });
    options = { ...options, nativeCheckDir: users.dir };
    const { built: before } = await buildBase(base, options);
    assert.ok(before);
    const files = [path, 'providers/efa/verbs.c'].map(file => [
      file,
      repository.read(file).replaceAll(name, 'EFADV_DEVICE_ATTR_CAPS_READ'),
    ]);
    repository.commit('efa: rename a bit', Object.fromEntries(files) as Record<string, string>);
    const { applied, series } = await repository.applied(base);
    const { steps, findings, built } = await buildSeries(applied, series, options);
    assert.equal(built, undefined);
    assert.deepEqual(
      steps.map(step => [step.name, step.outcome]),
      [
        ['build 1/1', 'pass'],
        ['build native-check', 'fail'],
      ],
    );
    assert.deepEqual(
      findings.map(({ rule, symbol, at }) => ({ rule, symbol, at })),
      [{ rule: 'build-broken', symbol: 'native-check', at: { patch: 1, path, side: 'post', line: 0 } }],
    );
  });
});
