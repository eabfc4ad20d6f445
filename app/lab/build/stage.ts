// SPDX-License-Identifier: MIT
// One stage of a build in the sandbox: unpack the state, do one thing at fixed paths, hand the new state back as bytes. Every run
// starts from such bytes, so nothing a stage leaves behind reaches the next but files, and no file of a stranger reaches our disk.
import { availableParallelism } from 'node:os';
import { AbideError } from '../../errors.ts';
import { runSandboxed } from '../sandbox.ts';
import type { Bind, Limits, SandboxOutcome } from '../sandbox.ts';
import { BUILD, SOURCE } from '../warnings.ts';

/** Measured: a build of rdma-core needs 45 MiB of disk and less than 700 MiB of memory on two cores. */
export const LIMITS: Limits = { seconds: 1800, memoryMiB: 4096, processes: 512, outputMiB: 64, diskMiB: 1024 };

export type StageName = 'configure' | 'build' | 'payload';

export interface Stage {
  readonly name: StageName;
  /** The exported tree. */
  readonly source: string;
  /** A tar of /build as an earlier stage left it. */
  readonly state?: string;
  /** The folder of native-check's sources, for `payload`. */
  readonly nativeCheck?: string;
  /** A folder and whether this stage may add to it: only builds of a base may, or one series could hand objects to the next. */
  readonly ccache?: { readonly dir: string; readonly write: boolean };
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  /** `12/345` as ninja counts. */
  readonly onCount?: (count: string) => void;
}

export interface StageResult {
  readonly outcome: SandboxOutcome;
  readonly status: number | undefined;
  /** The tail, harmless. */
  readonly log: string;
  /** All of it up to a bound, for the reader of diagnostics; not harmless. */
  readonly output: string;
  readonly seconds: number;
  readonly bytes: Buffer;
}

/** Exit statuses of our own scripts, apart from those of cmake, ninja and gcc. */
export const STATUS = { nativeCheck: 81, layout: 82 } as const;

// Without /etc/debian_version CMake would guess lib64.
const PATHS = '-DCMAKE_INSTALL_PREFIX=/usr/local -DCMAKE_INSTALL_LIBDIR=lib';
const CMAKE = `cmake -GNinja -DNO_PYVERBS=1 -DNO_MAN_PAGES=1 -DENABLE_RESOLVE_NEIGH=0 ${PATHS}`;
// Not the folder itself: it is the sandbox's, and its mode cannot be set.
const KEEP =
  'cd /build && find . -mindepth 1 -maxdepth 1 -print0 | ' +
  'tar --format=posix --pax-option=delete=atime,delete=ctime --null -T - -cf - >&5';

const SCRIPTS: Readonly<Record<StageName, string>> = {
  configure: `${CMAKE} $LAUNCHER ${SOURCE} 5>&- || exit $?; ${KEEP}`,
  // The state is kept after a failure too: the next patch starts from what did build.
  build: `ninja -k 0 -j "$JOBS" 5>&-; status=$?; ${KEEP} && exit $status; exit 1`,
  payload: `
    set -u; p=/tmp/payload; l=$p/usr/local; mkdir -p $l/lib/libibverbs $l/etc/libibverbs.d $l/bin /tmp/o
    said() { sed -n "s/^#define $1 \\"\\(.*\\)\\"$/\\1/p" include/config.h; }
    case "$(said VERBS_PROVIDER_DIR) $(said IBV_CONFIG_DIR)" in
      '/usr/local/lib/libibverbs /usr/local/etc/libibverbs.d') ;;
      *) echo "the built library looks for providers in '$(said VERBS_PROVIDER_DIR)' and for their names in '$(said IBV_CONFIG_DIR)'"; exit ${STATUS.layout} ;;
    esac
    rxe=librxe$(said VERBS_PROVIDER_SUFFIX)
    strip --strip-unneeded -o $l/lib/libibverbs.so.1 lib/libibverbs.so.1 && strip --strip-unneeded -o "$l/lib/libibverbs/$rxe" "lib/$rxe" &&
      cat providers/rxe/rxe.driver >$l/etc/libibverbs.d/rxe.driver || exit ${STATUS.layout}
    for name in ibv_devinfo ibv_rc_pingpong ibv_ud_pingpong ibv_srq_pingpong; do strip -o $l/bin/$name bin/$name || exit ${STATUS.layout}; done
    status=0; cd /native-check || exit 1
    find . -name '*.c' -printf '%P\\n' | sort | xargs -P "$JOBS" -I{} sh -c 'exec $CC -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -I. -isystem /build/include -c -o "/tmp/o/$(echo "$1" | tr / _).o" "$1"' sh {} &&
      gcc -pthread -s -o $l/bin/native-check /tmp/o/*.o -L/build/lib -libverbs || status=${STATUS.nativeCheck}
    tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=a+rX,u+w -cf - -C $p usr >&5 || exit 1
    exit $status`,
};

/** What a kept base was made with, besides the tools: a part of its key. */
export const RECIPE = SCRIPTS.configure + SCRIPTS.build;

/** @throws AbideError interrupted, sandbox-failed, tool-missing; never for what the tree does */
export async function runStage(stage: Stage): Promise<StageResult> {
  const binds: Bind[] = [{ from: stage.source, to: SOURCE }];
  if (stage.state !== undefined) binds.push({ from: stage.state, to: '/state.tar' });
  if (stage.nativeCheck !== undefined) binds.push({ from: stage.nativeCheck, to: '/native-check' });
  if (stage.ccache !== undefined) binds.push({ from: stage.ccache.dir, to: '/ccache', write: stage.ccache.write });
  const unpack = stage.state === undefined ? '' : 'tar -xf /state.tar || exit 1; ';
  const decoder = new TextDecoder();
  let output = '';
  const result = await runSandboxed({
    argv: ['sh', '-c', unpack + SCRIPTS[stage.name]],
    cwd: BUILD,
    binds,
    limits: { ...LIMITS, ...stage.limits },
    env: environment(stage),
    scratch: BUILD,
    collectMiB: 512,
    ...(stage.signal === undefined ? {} : { signal: stage.signal }),
    onOutput: piece => {
      const text = decoder.decode(piece, { stream: true });
      if (output.length < 16 * 1024 * 1024) output += text;
      const count = /^\[(\d+\/\d+)\]/m.exec(text)?.[1];
      if (count !== undefined) stage.onCount?.(count);
    },
  });
  if (stage.signal?.aborted === true) throw new AbideError('interrupted', 'the build was interrupted');
  if (result.outcome === 'killed') throw new AbideError('sandbox-failed', 'somebody outside killed the build');
  return {
    outcome: result.outcome,
    status: result.status,
    log: result.output,
    output,
    seconds: result.seconds,
    bytes: result.collected,
  };
}

function environment(stage: Stage): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', JOBS: String(availableParallelism()), LAUNCHER: '', CC: 'gcc' };
  if (stage.ccache === undefined) return env;
  Object.assign(env, { LAUNCHER: '-DCMAKE_C_COMPILER_LAUNCHER=ccache', CC: 'ccache gcc' });
  Object.assign(env, { CCACHE_DIR: '/ccache', CCACHE_TEMPDIR: '/tmp', CCACHE_MAXSIZE: '500M' });
  if (!stage.ccache.write) Object.assign(env, { CCACHE_READONLY: '1', CCACHE_NOSTATS: '1' });
  return env;
}
