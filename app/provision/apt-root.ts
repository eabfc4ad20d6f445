// SPDX-License-Identifier: MIT
// A private apt: own lists, cache and sources, Debian's keyring, the host's proxy. It reads the host's apt settings and changes none of them.
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbideError, type ErrorCode } from '../errors.ts';
import { command } from './command.ts';
import { scratch } from './scratch.ts';

export const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEBIAN_MIRROR = 'http://deb.debian.org/debian';

export interface AptSource {
  /** The user's cache folder; everything of ours happens in its `tmp`. */
  readonly cache: string;
  readonly suites: readonly string[];
  /** `deb-src` instead of `deb`. */
  readonly sources?: boolean;
  /** Tried in turn; the host's own Debian mirror, then deb.debian.org, where not given. */
  readonly mirrors?: readonly string[];
  readonly keyring?: string;
  /** The code of what is thrown where anything cannot be had. */
  readonly code?: ErrorCode;
  readonly onProgress?: (line: string) => void;
}

export interface AptRoot {
  /** The newest version's record: `Version`, `Depends`, `Size` and so on by name. */
  show(name: string): Promise<ReadonlyMap<string, string>>;
  /** Fetches packages (no dependencies) into a folder and gives the files' paths. Checked against the signed index. */
  download(names: readonly string[], into: string): Promise<string[]>;
  /** Fetches a source package's upstream tarball alone: a mirror in the middle of an update may lack the packaging around it. */
  downloadSource(name: string, into: string): Promise<string[]>;
}

/** Makes the private apt, fetches its package lists, lends it, and removes it. */
export async function withAptRoot<T>(source: AptSource, use: (apt: AptRoot) => Promise<T>): Promise<T> {
  await using place = await scratch(source.cache);
  const config = join(place.dir, 'apt.conf');
  for (const folder of ['lists/partial', 'archives/partial', 'sources', 'empty']) {
    await mkdir(join(place.dir, folder), { recursive: true });
  }
  await writeFile(join(place.dir, 'status'), '');
  await writeFile(config, settings(place.dir, await hostSettings(source)));
  const run = (argv: readonly [string, ...string[]], doing: string, cwd?: string): Promise<string> =>
    command(argv, {
      doing,
      code: source.code ?? 'download-failed',
      hint: 'check the network and the Debian mirror in /etc/apt, then try again',
      env: { APT_CONFIG: config },
      ...(cwd === undefined ? {} : { cwd }),
    });

  await update(place.dir, source, run);

  const fetchInto = async (argv: string[], into: string): Promise<string[]> => {
    const doing = `fetching ${argv.slice(1).join(', ')} of ${source.suites.join(', ')}`;
    const wanted = (await run(['apt-get', '-qq', '--print-uris', ...argv], doing)).split('\n');
    const sizes = wanted.map(line => Number(line.split(' ')[2] ?? 0));
    await mkdir(into, { recursive: true });
    const stop = watchSize(
      into,
      sizes.reduce((sum, size) => sum + size, 0),
      source.onProgress,
    );
    try {
      await run(['apt-get', '-qq', ...argv], doing, into);
    } finally {
      stop();
    }
    return (await readdir(into)).map(name => join(into, name));
  };

  return await use({
    async show(name) {
      const text = await run(['apt-cache', 'show', '--no-all-versions', name], `looking for the package ${name}`);
      return new Map([...text.matchAll(/^([\w-]+): (.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
    },
    download: (names, into) => fetchInto(['download', ...names], into),
    downloadSource: (name, into) => fetchInto(['source', '--download-only', '--tar-only', name], into),
  });
}

type Run = (argv: readonly [string, ...string[]], doing: string) => Promise<string>;

async function update(dir: string, source: AptSource, run: Run): Promise<void> {
  const mirrors = source.mirrors ?? [...new Set([...(await hostMirrors(source)), DEBIAN_MIRROR])];
  const problems: unknown[] = [];
  for (const mirror of mirrors) {
    const entry = [
      `Types: ${source.sources === true ? 'deb-src' : 'deb'}`,
      `URIs: ${mirror}`,
      `Suites: ${source.suites.join(' ')}`,
      'Components: main',
      `Signed-By: ${source.keyring ?? DEBIAN_KEYRING}`,
    ];
    await writeFile(join(dir, 'sources', 'debian.sources'), `${entry.join('\n')}\n`);
    try {
      source.onProgress?.(`reading the package list of ${source.suites.join(', ')} from ${mirror}`);
      // Without the error mode, apt calls an unreachable mirror a warning and exits 0.
      await run(
        ['apt-get', '-q', '-o', 'APT::Update::Error-Mode=any', 'update'],
        `reading the package list of ${source.suites.join(', ')} from ${mirror}`,
      );
      return;
    } catch (error) {
      if (error instanceof AbideError && error.code === 'tool-missing') throw error;
      problems.push(error);
    }
  }
  throw problems.at(0);
}

function settings(dir: string, host: string): string {
  return `${host}
Dir "${dir}";
Dir::State "${dir}";
Dir::State::lists "${dir}/lists";
Dir::State::status "${dir}/status";
Dir::Cache "${dir}";
Dir::Etc "${dir}";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "${dir}/empty";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "${dir}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "${dir}/empty";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "${dir}/empty";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
`;
}

/** How the host reaches the network (proxies, certificates, clock checks), in apt's own syntax. */
async function hostSettings(source: AptSource): Promise<string> {
  const dump = await hostApt(['apt-config', 'dump'], source);
  return dump
    .split('\n')
    .filter(line => /^Acquire::(https?|Check-Date|Check-Valid-Until|ForceIPv[46])\b/i.test(line))
    .join('\n');
}

/** The URIs of the host's own Debian archive, which may be a local mirror. Security and third parties' archives are left out. */
async function hostMirrors(source: AptSource): Promise<string[]> {
  const format = '$(RELEASE)\t$(COMPONENT)\t$(REPO_URI)';
  const text = await hostApt(['apt-get', 'indextargets', '--format', format], source);
  const rows = text.split('\n').map(line => line.split('\t'));
  return rows
    .filter(
      ([suite, component]) =>
        component === 'main' && /^(bookworm|trixie|forky|sid|stable|testing|unstable)$/.test(suite ?? ''),
    )
    .map(([, , uri]) => (uri ?? '').replace(/\/$/, ''))
    .filter(uri => /^(https?|file|copy|mirror\+\w+):/.test(uri));
}

function hostApt(argv: readonly [string, ...string[]], source: AptSource): Promise<string> {
  return command(argv, {
    doing: "reading the host's apt settings",
    code: source.code ?? 'download-failed',
    hint: 'Abide fetches packages with apt: it needs Debian 12 or newer',
  });
}

/** Says how far a download is, every two seconds. Returns what ends it. */
function watchSize(dir: string, total: number, say: AptSource['onProgress']): () => void {
  if (say === undefined) return () => undefined;
  const timer = setInterval(() => {
    void sizeOf(dir).then(bytes => {
      say(`downloaded ${mega(bytes)} of ${mega(total)} MB`);
    });
  }, 2000);
  return () => {
    clearInterval(timer);
  };
}

async function sizeOf(dir: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(dir).catch(() => [])) {
    sum += await stat(join(dir, name)).then(
      found => found.size,
      () => 0,
    );
  }
  return sum;
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
