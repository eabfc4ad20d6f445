// SPDX-License-Identifier: MIT
// `abide doctor`: what this machine can do, tried and not guessed, and the command that installs what is missing. Changes nothing, shows no secret.
import { access } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { execa } from 'execa';
import pc from 'picocolors';
import { forTerminal } from './model/harmless.ts';
import { findKernel, hasOdp, type KernelPackage } from './provision/kernel.ts';
import { installCommand, missingPackages } from './provision/packages.ts';
import { freeSpace, surveyLibraries, surveyTools, TOOLS, type Survey } from './provision/survey.ts';
import { findTree } from './provision/tree.ts';

/** The answer of something that was tried. */
export interface Answer {
  readonly works: boolean;
  readonly why: string;
}

export interface DoctorOptions {
  readonly cache: string;
  /** A repository of the user's own (ABIDE_TREE). */
  readonly tree: string | undefined;
  readonly root: boolean;
  /** Boots a guest with KVM, or tells why not; remembered by the lab. */
  readonly probeKvm: (kernel: KernelPackage) => Promise<Answer>;
  /** Runs `true` in the build sandbox. */
  readonly trySandbox: () => Promise<Answer>;
  /** Where to look for programs, as in PATH. The default is where the lab looks. */
  readonly path?: string;
}

/** `limited`: a review runs, slower or with less; `missing`: a review cannot run to its end; `unused`: of no matter to `review`. */
export type FactState = 'ok' | 'limited' | 'missing' | 'unused';

export interface Fact {
  readonly name: string;
  readonly state: FactState;
  readonly found: string;
  /** What to do about it; the command where there is one. */
  readonly help?: string;
}

export interface DoctorReport {
  readonly schema: 'abide/doctor@1';
  /** Whether `abide review` can run all its checks here. */
  readonly ok: boolean;
  readonly facts: readonly Fact[];
  /** One command for all the Debian packages that are missing. */
  readonly install?: string;
}

const SYSTEM_PATH = '/usr/bin:/usr/sbin:/bin:/sbin';
const GIB = 1024 ** 3;
/** A cached build of the base, its payload, a saved guest and the kernel, with room to work. */
const DISK_WANTED = 3 * GIB;
/** A guest has 512 MiB, and a parallel build of rdma-core wants about as much. */
const MEMORY_WANTED = 1.5 * GIB;

export async function doctor(o: DoctorOptions): Promise<DoctorReport> {
  const path = o.path ?? SYSTEM_PATH;
  const kernel = await findKernel(o.cache, 'newest').catch(() => undefined);
  const [compilers, libraries, git, qemu, guest, abi, headers] = await Promise.all([
    surveyTools(TOOLS.compiler, path),
    surveyLibraries(path),
    surveyTools(TOOLS.git, path),
    surveyTools(TOOLS.qemu, path),
    surveyTools(TOOLS.guest, path),
    surveyTools(TOOLS.abi, path),
    missingPackages(['libc6-dev']).catch(() => []),
  ]);
  const hasQemu = qemu.missing.length === 0;
  const facts = [
    { name: 'node', state: 'ok', found: process.version } as const,
    surveyed('compilers', compilers),
    surveyed('libraries', { ...libraries, missing: [...libraries.missing, ...headers] }),
    surveyed('git', git),
    await sandboxFact(o, path),
    surveyed('qemu', qemu),
    surveyed('guest tools', guest),
    await kvmFact(o, { kernel, hasQemu }),
    await kernelFact(kernel),
    await treeFact(o),
    surveyed('abi tools', abi, { state: 'unused', why: 'for the abi check, which is not made yet' }),
    await b4Fact(),
    await diskFact(o.cache),
    memoryFact(),
    { name: 'database', state: 'unused', found: 'not used by review' } as const,
  ] satisfies Fact[];
  const missing = [compilers, libraries, git, qemu, guest].flatMap(each => each.missing).concat(headers);
  if (facts.some(fact => fact.name === 'sandbox' && fact.found === NO_BWRAP)) missing.push('bubblewrap');
  return {
    schema: 'abide/doctor@1',
    ok: facts.every(fact => fact.state !== 'missing'),
    facts,
    ...(missing.length === 0 ? {} : { install: asRoot(o, installCommand([...new Set(missing)].sort())) }),
  };
}

function asRoot(o: DoctorOptions, line: string): string {
  return o.root ? line : `sudo sh -c '${line}'`;
}

function surveyed(name: string, survey: Survey, optional?: { state: FactState; why: string }): Fact {
  if (survey.missing.length === 0) {
    return { name, state: optional?.state ?? 'ok', found: [survey.found, optional?.why].filter(Boolean).join('; ') };
  }
  const found = [survey.found, `not there: ${survey.missing.join(', ')}`].filter(Boolean).join('; ');
  return { name, state: optional?.state ?? 'missing', found, help: `apt-get install ${survey.missing.join(' ')}` };
}

const NO_BWRAP = 'bubblewrap is not installed';

async function sandboxFact(o: DoctorOptions, path: string): Promise<Fact> {
  const bwrap = await surveyTools([{ name: 'bwrap', package: 'bubblewrap', ask: ['--version'] }], path);
  if (bwrap.missing.length > 0) {
    return { name: 'sandbox', state: 'missing', found: NO_BWRAP, help: 'apt-get install bubblewrap' };
  }
  const answer = await o.trySandbox().catch(asAnswer);
  if (answer.works) return { name: 'sandbox', state: 'ok', found: `${bwrap.found}, which ran a program` };
  return {
    name: 'sandbox',
    state: 'missing',
    found: `${bwrap.found} does not work: ${answer.why}`,
    help: 'allow user namespaces: sysctl kernel.unprivileged_userns_clone=1; in a container, start it with --privileged',
  };
}

async function kvmFact(
  o: DoctorOptions,
  { kernel, hasQemu }: { kernel: KernelPackage | undefined; hasQemu: boolean },
): Promise<Fact> {
  const untried = !hasQemu ? 'there is no qemu' : kernel === undefined ? 'there is no kernel' : undefined;
  if (untried !== undefined || kernel === undefined) {
    return { name: 'kvm', state: 'limited', found: `not tried, since ${untried ?? ''}` };
  }
  const answer = await o.probeKvm(kernel).catch(asAnswer);
  if (answer.works) return { name: 'kvm', state: 'ok', found: answer.why };
  const denied = answer.why.includes('may not be opened by this user');
  return {
    name: 'kvm',
    state: 'limited',
    found: `${answer.why}; guests run without it, more slowly`,
    ...(denied ? { help: 'sudo adduser "$USER" kvm, then log in again' } : {}),
  };
}

function asAnswer(error: unknown): Answer {
  return { works: false, why: error instanceof Error ? error.message : String(error) };
}

async function kernelFact(kernel: KernelPackage | undefined): Promise<Fact> {
  const help = './abide setup';
  if (kernel === undefined) return { name: 'kernel', state: 'missing', found: 'none in the cache', help };
  const odp = await hasOdp(kernel).catch(() => false);
  return odp
    ? { name: 'kernel', state: 'ok', found: `${kernel.version}, rxe with ODP` }
    : { name: 'kernel', state: 'missing', found: `${kernel.version} has no ODP on rxe`, help };
}

async function treeFact(o: DoctorOptions): Promise<Fact> {
  const managed = o.tree === undefined ? await findTree(o.cache).catch(() => undefined) : undefined;
  const dir = o.tree ?? managed?.dir;
  if (dir === undefined) return { name: 'tree', state: 'missing', found: 'none in the cache', help: './abide setup' };
  const asked = await execa('git', ['-C', dir, 'rev-list', '--count', 'HEAD'], { reject: false, stdin: 'ignore' });
  if (asked.failed) {
    const help =
      o.tree === undefined ? `rm -r ${dir}; ./abide setup` : 'point ABIDE_TREE at a clone of rdma-core, or unset it';
    return {
      name: 'tree',
      state: 'missing',
      found: `git cannot read ${dir}: ${asked.stderr.split('\n')[0] ?? ''}`,
      help,
    };
  }
  const commits = Number(asked.stdout);
  const where = managed === undefined ? `${dir} (ABIDE_TREE)` : `${managed.version} in ${dir}`;
  return commits > 1
    ? { name: 'tree', state: 'ok', found: `${where}, ${String(commits)} commits` }
    : {
        name: 'tree',
        state: 'limited',
        found: `${where}, one commit without history: older bases cannot be found`,
        help: 'set ABIDE_TREE to a full clone, or ABIDE_TREE_URL to one that can be reached',
      };
}

/** Not needed: Abide reads series itself. The PATH is the user's, whose `b4` it would be. */
async function b4Fact(): Promise<Fact> {
  const asked = await execa('b4', ['--version'], { reject: false, stdin: 'ignore', timeout: 10_000 });
  const found = asked.failed ? 'not installed; handy for fetching a thread' : asked.stdout.trim();
  return { name: 'b4', state: 'unused', found };
}

async function diskFact(cache: string): Promise<Fact> {
  const free = await freeSpace(cache);
  const writable = await access(cache).then(
    () => true,
    () => false,
  );
  const found = `${gib(free)} free for ${cache}${writable ? '' : ' (not made yet)'}`;
  if (free >= DISK_WANTED) return { name: 'disk', state: 'ok', found };
  return {
    name: 'disk',
    state: 'limited',
    found,
    help: `a review wants ${gib(DISK_WANTED)}: make room, or set ABIDE_CACHE`,
  };
}

function memoryFact(): Fact {
  const total = totalmem();
  const found = `${gib(total)} in all`;
  if (total >= MEMORY_WANTED) return { name: 'memory', state: 'ok', found };
  return { name: 'memory', state: 'limited', found, help: `a review wants ${gib(MEMORY_WANTED)}` };
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

const MARKS = { ok: 'ok', limited: 'limited', missing: 'MISSING', unused: '-' } as const;

/** For a terminal; all text of programs is made harmless. */
export function renderDoctor(report: DoctorReport, { color }: { color: boolean }): string {
  const paint = pc.createColors(color);
  const colors = { ok: paint.green, limited: paint.yellow, missing: paint.red, unused: paint.dim };
  const lines = report.facts.flatMap(fact => {
    const line = `${fact.name.padEnd(12)} ${colors[fact.state](MARKS[fact.state].padEnd(8))} ${forTerminal(fact.found)}`;
    return fact.help === undefined ? [line] : [line, `${' '.repeat(22)}→ ${forTerminal(fact.help)}`];
  });
  const end = report.ok
    ? 'This machine can run a whole review.'
    : 'A review cannot run to its end here; what is missing is said above.';
  const install = report.install === undefined ? [] : [`Install what is missing: ${report.install}`];
  return [...lines, '', end, ...install, ''].join('\n');
}
