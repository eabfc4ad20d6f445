// SPDX-License-Identifier: MIT
// A small Debian archive of our own making, signed and served on loopback, for tests of what fetches packages.
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export interface Archive extends AsyncDisposable {
  readonly url: string;
  /** What its key is in; `otherKeyring` is somebody else's. */
  readonly keyring: string;
  readonly otherKeyring: string;
  /** How many requests it has had. */
  requests(): number;
  /** Builds a binary package. `files` are contents by path. */
  addPackage(
    name: string,
    o: { version?: string; depends?: string; files?: Readonly<Record<string, string | Buffer>> },
  ): Promise<void>;
  /** Adds a source package that is one upstream tarball. */
  addSource(name: string, o: { version: string; tarball: string }): Promise<void>;
  /** Writes and signs the index of a suite; only then are packages seen. */
  publish(suite: string, o?: { unsigned?: boolean }): Promise<void>;
  /** From now on what is served under this name comes changed, as from a broken mirror. */
  damage(part: string, how: (bytes: Buffer) => Buffer): void;
}

export async function startArchive(): Promise<Archive> {
  const dir = await mkdtemp(join(tmpdir(), 'archive-'));
  const gnupg = await mkdtemp(join(tmpdir(), 'gpg-'));
  const gpg = (...args: string[]) => execa('gpg', ['--batch', '--quiet', '--homedir', gnupg, ...args]);
  const keyringOf = async (who: string): Promise<string> => {
    await gpg(
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--quick-generate-key',
      who,
      'ed25519',
      'sign',
      'never',
    );
    const file = join(dir, `${who}.gpg`);
    await gpg('--output', file, '--export', who);
    return file;
  };
  const keyring = await keyringOf('archive@test');
  const otherKeyring = await keyringOf('somebody-else@test');

  const packages: string[] = [];
  const sources: string[] = [];
  const damages: { part: string; how: (bytes: Buffer) => Buffer }[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const path = decodeURIComponent(request.url ?? '/');
    readFile(join(dir, path)).then(
      bytes => {
        const damage = damages.find(({ part }) => path.includes(part));
        response.end(damage === undefined ? bytes : damage.how(bytes));
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    keyring,
    otherKeyring,
    requests: () => requests,
    async addPackage(name, { version = '1', depends, files = {} }) {
      const tree = join(dir, 'work', name);
      const control = [
        `Package: ${name}`,
        `Version: ${version}`,
        'Architecture: amd64',
        'Maintainer: Test <test@test>',
      ];
      if (depends !== undefined) control.push(`Depends: ${depends}`);
      control.push('Description: made by a test');
      await put(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`);
      for (const [path, content] of Object.entries(files)) await put(join(tree, path), content);
      const pool = `pool/${name}_${version}_amd64.deb`;
      await mkdir(join(dir, 'pool'), { recursive: true });
      await execa('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, join(dir, pool)]);
      const bytes = await readFile(join(dir, pool));
      packages.push(
        [...control, `Filename: ${pool}`, `Size: ${String(bytes.length)}`, `SHA256: ${sha256(bytes)}`, ''].join('\n'),
      );
    },
    async addSource(name, { version, tarball }) {
      const bytes = await readFile(tarball);
      const file = basename(tarball);
      await put(join(dir, 'pool', file), bytes);
      const list = ` ${sha256(bytes)} ${String(bytes.length)} ${file}`;
      // The .dsc is in the index and not in the pool, as on a mirror in the middle of an update.
      const dsc = ` ${'0'.repeat(64)} 100 ${name}_${version}-1.dsc`;
      sources.push(
        [
          `Package: ${name}`,
          `Version: ${version}-1`,
          'Format: 3.0 (quilt)',
          'Directory: pool',
          'Checksums-Sha256:',
          dsc,
          list,
          '',
        ].join('\n'),
      );
    },
    async publish(suite, { unsigned = false } = {}) {
      const home = join(dir, 'dists', suite);
      const indexes = {
        'main/binary-amd64/Packages': packages.join('\n'),
        'main/source/Sources': sources.join('\n'),
      };
      const sums: string[] = [];
      for (const [path, text] of Object.entries(indexes)) {
        await put(join(home, path), text);
        sums.push(` ${sha256(Buffer.from(text))} ${String(Buffer.byteLength(text))} ${path}`);
      }
      const release = [
        'Origin: Debian',
        `Suite: ${suite}`,
        `Codename: ${suite}`,
        `Date: ${new Date().toUTCString()}`,
        'Architectures: amd64',
        'Components: main',
        'SHA256:',
        ...sums,
        '',
      ].join('\n');
      await put(join(home, 'Release'), release);
      if (!unsigned) {
        await gpg(
          '--yes',
          '--local-user',
          'archive@test',
          '--output',
          join(home, 'InRelease'),
          '--clearsign',
          join(home, 'Release'),
        );
      }
    },
    damage(part, how) {
      damages.push({ part, how });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      // gpg starts an agent of its own and leaves it.
      await execa('gpgconf', ['--homedir', gnupg, '--kill', 'all']);
      await rm(dir, { recursive: true, force: true });
      await rm(gnupg, { recursive: true, force: true });
    },
  };
}

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
