// SPDX-License-Identifier: MIT
// Builds of a project of thirty lines that is laid out as rdma-core is: what takes long or is hostile there is quick here.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AbideError } from '../../app/errors.ts';
import { buildBase, buildSeries } from '../../app/lab/build.ts';
import type { BuildOptions } from '../../app/lab/build.ts';
import type { Finding } from '../../app/model/change.ts';
import { Repository } from './support.ts';

const CMAKE = `cmake_minimum_required(VERSION 3.18)
project(small C)
set(CMAKE_C_FLAGS "-Wall -Wextra -g")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY \${PROJECT_BINARY_DIR}/lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY \${PROJECT_BINARY_DIR}/bin)
file(WRITE \${PROJECT_BINARY_DIR}/include/config.h "#define VERBS_PROVIDER_DIR \\"/usr/local/lib/libibverbs\\"
#define IBV_CONFIG_DIR \\"/usr/local/etc/libibverbs.d\\"
#define VERBS_PROVIDER_SUFFIX \\"-rdmav7.so\\"
")
file(WRITE \${PROJECT_BINARY_DIR}/providers/rxe/rxe.driver "driver rxe\\n")
file(CREATE_LINK \${PROJECT_SOURCE_DIR}/api.h \${PROJECT_BINARY_DIR}/include/api.h SYMBOLIC)
add_library(ibverbs SHARED verbs.c)
set_target_properties(ibverbs PROPERTIES SOVERSION 1)
add_library(rxe-rdmav7 MODULE rxe.c)
foreach(name devinfo rc_pingpong ud_pingpong srq_pingpong)
  add_executable(ibv_\${name} main.c)
endforeach()
`;
const VERBS = '#include "api.h"\nint answer(void)\n{\n\tint unused;\n\treturn 42;\n}\n';
const FILES = {
  'CMakeLists.txt': CMAKE,
  'api.h': 'int answer(void);\n',
  'verbs.c': VERBS,
  'rxe.c': 'int rxe;\n',
  'main.c': 'int main(void) { return 0; }\n',
};

describe('building a small project', function () {
  this.timeout(3 * 60_000);
  let repository: Repository;
  let folder: Repository;
  let programs: Repository;
  let base: string;
  let options: BuildOptions;

  before(async () => {
    [repository, folder, programs] = [new Repository(), new Repository(), new Repository()];
    // As in a home that nobody else may enter.
    chmodSync(folder.dir, 0o700);
    base = repository.commit('base', FILES);
    programs.commit('a program', { 'main.c': '#include <api.h>\nint main(void) { return answer() != 42; }\n' });
    const limits = { seconds: 60, memoryMiB: 1024, processes: 200, outputMiB: 4, diskMiB: 128 };
    options = { gitDir: repository.gitDir, cache: folder.dir, nativeCheckDir: programs.dir, limits };
    const { steps, built } = await buildBase(base, options);
    assert.ok(built, JSON.stringify(steps, undefined, 1));
    assert.ok(steps.every(step => step.outcome === 'pass'));
  });
  after(() => [repository, folder, programs].forEach(one => one[Symbol.dispose]()));
  beforeEach(() => repository.git('reset', '-q', '--hard', base));

  async function build() {
    const { applied, series } = await repository.applied(base);
    return await buildSeries(applied, series, options);
  }
  const told = (findings: readonly Finding[]) => findings.map(({ rule, at }) => [rule, at.patch, at.path, at.line]);

  it('takes the base from the cache the second time', async () => {
    const started = Date.now();
    const { steps, built } = await buildBase(base, options);
    assert.ok(built);
    assert.ok(Date.now() - started < 2000);
    assert.match(steps[0]?.log ?? '', /^kept from an earlier build/);
  });

  it('is silent on a warning of the base whose line moved', async () => {
    repository.commit('move', { 'verbs.c': `/*\n * Some words\n * above it.\n */\n${VERBS}` });
    const { findings, built } = await build();
    assert.deepEqual(findings, []);
    assert.ok(built);
  });

  it('is silent on a warning of the base whose file moved', async () => {
    repository.git('mv', 'verbs.c', 'renamed.c');
    repository.commit('rename', { 'CMakeLists.txt': CMAKE.replace('verbs.c', 'renamed.c') });
    assert.deepEqual((await build()).findings, []);
  });

  it('tells a second warning of the same words from the first', async () => {
    repository.commit('again', {
      'verbs.c': `int twice(void);\nint twice(void)\n{\n\tint unused;\n\treturn 2;\n}\n${VERBS}`,
    });
    assert.deepEqual(told((await build()).findings), [['build-warning', 1, 'verbs.c', 4]]);
  });

  it('is silent on a warning that a later patch of the series takes away', async () => {
    repository.commit('one', { 'rxe.c': 'static int lonely;\nint rxe;\n' });
    repository.commit('two', { 'rxe.c': 'int rxe;\n/* clean */\n' });
    assert.deepEqual((await build()).findings, []);
  });

  it('blames a patch for what the linker and CMake say too', async () => {
    repository.commit('cmake', { 'CMakeLists.txt': `${CMAKE}message(FATAL_ERROR "no such luck")\n` });
    repository.commit('mended', { 'CMakeLists.txt': CMAKE });
    repository.commit('linker', { 'main.c': 'int nowhere(void);\nint main(void) { return nowhere(); }\n' });
    const { steps, findings, built } = await build();
    assert.equal(built, undefined);
    assert.deepEqual(
      steps.map(step => step.outcome),
      ['fail', 'pass', 'fail'],
    );
    assert.deepEqual(told(findings), [
      ['build-broken', 1, 'CMakeLists.txt', CMAKE.split('\n').length],
      ['build-broken', 3, 'main.c', 2],
    ]);
    assert.match(findings[0]?.message ?? '', /no such luck/);
    assert.match(findings[1]?.message ?? '', /undefined reference to .nowhere/);
  });

  it('does not blame the next patch for what an earlier one broke', async () => {
    repository.commit('break', { 'rxe.c': 'int rxe = missing;\n' });
    repository.commit('innocent', { 'main.c': '/* innocent */\nint main(void) { return 0; }\n' });
    const { steps, findings, built } = await build();
    assert.equal(built, undefined);
    assert.deepEqual(told(findings), [['build-broken', 1, 'rxe.c', 1]]);
    assert.match(steps[1]?.reason ?? '', /still broken by patch 1/);
  });

  it('turns a series that goes wild in its CMake into a finding', async () => {
    const wild: [string, RegExp][] = [
      ['f() { f | f & }; while :; do f; done', /started more processes/],
      ['cat /dev/zero >big; sleep 60', /wrote more/],
      ['while :; do echo noise; done', /printed more/],
    ];
    for (const [script, words] of wild) {
      repository.git('reset', '-q', '--hard', base);
      repository.commit('wild', { 'CMakeLists.txt': `${CMAKE}execute_process(COMMAND sh -c [==[${script}]==])\n` });
      repository.commit('after', { 'main.c': '\nint main(void) { return 0; }\n' });
      const { steps, findings, built } = await build();
      assert.equal(built, undefined);
      assert.deepEqual(told(findings), [['build-broken', 1, 'CMakeLists.txt', 0]]);
      assert.match(findings[0]?.message ?? '', words);
      assert.deepEqual(
        steps.map(step => step.outcome),
        ['fail', 'skip'],
      );
    }
  });

  it('refuses what does not belong into a guest', async () => {
    const replace = (to: string): string =>
      `${CMAKE}add_custom_command(TARGET ibverbs POST_BUILD COMMAND ${to} VERBATIM)\n`;
    const library = '${PROJECT_BINARY_DIR}/lib/libibverbs.so.1';
    for (const command of [`sh -c "ln -sf /etc/shadow ${library}"`, `sh -c "rm ${library}; mkfifo ${library}"`]) {
      repository.git('reset', '-q', '--hard', base);
      repository.commit('strange', { 'CMakeLists.txt': replace(command) });
      const { findings, built } = await build();
      assert.equal(built, undefined);
      assert.equal(findings.at(-1)?.rule, 'build-broken');
    }
  });

  it('gives a link in the payload as the file it means, and never as a link', async () => {
    const { built } = await buildBase(base, options);
    for (const path of readdirSync(built?.payload ?? '', { recursive: true, encoding: 'utf8' })) {
      const info = statSync(join(built?.payload ?? '', path));
      assert.ok(info.isFile() || info.isDirectory(), path);
    }
  });

  it('lets a series write to no cache, though its compiler reads one', async () => {
    const ccache = join(folder.dir, 'builds/ccache');
    const list = (): string[] => readdirSync(ccache, { recursive: true, encoding: 'utf8' }).sort();
    const before = list();
    const poison =
      'execute_process(COMMAND sh -c "touch /ccache/poison && rm -rf /ccache/0; touch /src/poison /native-check/poison")\n';
    repository.commit('poison', { 'CMakeLists.txt': `${CMAKE}${poison}`, 'rxe.c': 'int other;\n' });
    const { built } = await build();
    assert.ok(built);
    assert.deepEqual(list(), before);
    assert.ok(!existsSync(join(programs.dir, 'poison')));
  });

  it('follows files that become folders, links and nothing', async () => {
    repository.git('rm', '-q', 'rxe.c');
    repository.commit('folder', {
      'rxe.c/inside.c': 'int rxe;\n',
      'CMakeLists.txt': CMAKE.replace('rxe.c', 'rxe.c/inside.c'),
    });
    repository.git('rm', '-q', '-r', 'rxe.c');
    symlinkSync('/etc', join(repository.dir, 'rxe.c'));
    repository.commit('link', {});
    repository.git('rm', '-q', '-r', 'rxe.c');
    repository.commit('back', { 'rxe.c': 'int rxe;\n', 'CMakeLists.txt': CMAKE });
    const { steps, built } = await build();
    assert.deepEqual(
      steps.map(step => step.outcome),
      ['pass', 'fail', 'pass', 'pass'],
      JSON.stringify(steps, undefined, 1),
    );
    assert.ok(built);
  });

  it('never holds a base that does not build against the author', async () => {
    const bad = repository.commit('bad base', { 'rxe.c': 'int rxe = missing;\n' });
    const alone = await buildBase(bad, options);
    assert.equal(alone.built, undefined);
    assert.equal(alone.steps.at(-1)?.outcome, 'error');
    repository.commit('series', { 'main.c': '\nint main(void) { return 0; }\n' });
    const { applied, series } = await repository.applied(bad);
    await assert.rejects(
      buildSeries(applied, series, options),
      (error: unknown) => error instanceof AbideError && error.code === 'base-build-failed',
    );
  });

  it('stops at once when it is cancelled, and leaves nothing', async () => {
    repository.commit('slow', { 'CMakeLists.txt': `${CMAKE}execute_process(COMMAND sleep 50)\n` });
    const { applied, series } = await repository.applied(base);
    const started = Date.now();
    const job = buildSeries(applied, series, { ...options, signal: AbortSignal.timeout(1500) });
    await assert.rejects(job, (error: unknown) => error instanceof AbideError && error.code === 'interrupted');
    assert.ok(Date.now() - started < 6000);
    assert.deepEqual(readdirSync(join(folder.dir, 'builds/tmp')), []);
  });

  it('keeps the log harmless', async () => {
    const shout = 'string(ASCII 27 escape)\nmessage("${escape}[31mred")\n';
    repository.commit('shout', { 'CMakeLists.txt': `${CMAKE}${shout}` });
    const { steps } = await build();
    const log = steps.map(step => step.log).join('');
    assert.match(log, /red/);
    assert.ok(!log.includes('\x1b'));
  });

  it('makes the same payload of the same commit again', async () => {
    using other = new Repository();
    const { built } = await buildBase(base, options);
    const { built: again } = await buildBase(base, { ...options, cache: other.dir });
    assert.ok(built && again);
    for (const path of ['usr/local/lib/libibverbs.so.1', 'usr/local/bin/native-check']) {
      assert.deepEqual(readFileSync(join(again.payload, path)), readFileSync(join(built.payload, path)));
    }
  });
});
