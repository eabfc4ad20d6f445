// SPDX-License-Identifier: MIT
// The kernel in the cache: the real one that set-up fetched, and every way of fetching one that can go wrong, from an archive of our own.
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, open, readFile, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbideError } from '../../app/errors.ts';
import { ensureKernel, findKernel, hasOdp, type KernelOptions } from '../../app/provision/kernel.ts';
import { startArchive, type Archive } from '../support/apt-archive.ts';
import { cacheDir } from '../support/env.ts';

const CONFIG = 'CONFIG_INFINIBAND_ON_DEMAND_PAGING=y\nCONFIG_RDMA_RXE=m\n';

describe('the kernel that set-up fetched', () => {
  it('is there, boots as a Linux kernel does, and has ODP on rxe', async () => {
    const kernel = await findKernel(cacheDir, 'newest');
    assert.ok(kernel, `no kernel in ${cacheDir}: run \`npm test\`, which fetches one`);
    await using file = await open(kernel.vmlinuz);
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0x202);
    // Documentation/arch/x86/boot.rst: the header's magic.
    assert.equal(buffer.toString(), 'HdrS');
    assert.match(await readFile(join(kernel.modules, 'modules.dep'), 'utf8'), /rdma_rxe\.ko\.xz:.*ib_core\.ko\.xz/);
    assert.ok(await hasOdp(kernel));
    assert.match(kernel.version, /^\d+\.\d+.*-amd64$/);
  });
});

describe('ensureKernel', () => {
  let archive: Archive;
  let cache: string;
  let rxe: Buffer;
  let options: KernelOptions;

  before(async () => {
    rxe = await compiled('int rxe_odp_mr_init_user;');
  });
  beforeEach(async () => {
    archive = await startArchive();
    cache = await mkdtemp(join(tmpdir(), 'cache-'));
    options = { cache, flavour: 'newest', mirrors: [archive.url], keyring: archive.keyring };
  });
  afterEach(async () => {
    await archive[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(join(cache, 'tmp')).catch(() => []), [], 'nothing half-made is left');
    await rm(cache, { recursive: true });
  });

  async function addKernel(version: string, o: { config?: string; module?: Buffer } = {}): Promise<void> {
    const home = `usr/lib/modules/${version}`;
    const module = `${home}/kernel/drivers/infiniband/sw/rxe/rdma_rxe.ko.xz`;
    await archive.addPackage(`linux-base-${version}`, { files: { [`${home}/config`]: o.config ?? CONFIG } });
    await archive.addPackage(`linux-binary-${version}`, { files: { [`${home}/vmlinuz`]: `kernel ${version}` } });
    await archive.addPackage(`linux-modules-${version}`, { files: { [module]: o.module ?? rxe } });
    const parts = ['base', 'binary', 'modules'].map(part => `linux-${part}-${version} (= 1)`);
    await archive.addPackage(`linux-image-${version}`, { depends: ['dracut | initramfs-tools', ...parts].join(', ') });
  }

  async function addMeta(version: string, of: string): Promise<void> {
    await archive.addPackage('linux-image-amd64', { version, depends: `linux-base-amd64, linux-image-${of} (= 1)` });
  }

  async function refused(how: Partial<KernelOptions> = {}): Promise<AbideError> {
    const error: unknown = await ensureKernel({ ...options, ...how }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AbideError, String(error));
    assert.equal(error.code, 'kernel-unavailable');
    assert.ok(error.hint);
    assert.equal(await findKernel(cache, 'newest'), undefined);
    return error;
  }

  it('takes the newest of the plain flavour, and a second time needs no network', async () => {
    await addKernel('9.8.7-amd64');
    await addKernel('9.10.1-amd64');
    await addKernel('9.11.0-cloud-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await addMeta('9.10.1', '9.10.1-amd64');
    await archive.publish('trixie-backports');
    const kernel = await ensureKernel(options);
    assert.equal(kernel.version, '9.10.1-amd64');
    assert.equal(await readFile(kernel.vmlinuz, 'utf8'), 'kernel 9.10.1-amd64');
    assert.match(await readFile(join(kernel.modules, 'modules.dep'), 'utf8'), /rdma_rxe/);
    const asked = archive.requests();
    assert.deepEqual(await ensureKernel(options), kernel);
    assert.equal(archive.requests(), asked);
  });

  it('knows the layout of 6.12: one package, vmlinuz and config in /boot, no ODP wanted', async () => {
    const version = '6.12.9-amd64';
    await archive.addPackage(`linux-image-${version}`, {
      files: {
        [`boot/vmlinuz-${version}`]: 'old kernel',
        [`boot/config-${version}`]: 'CONFIG_RDMA_RXE=m\n',
        [`usr/lib/modules/${version}/kernel/drivers/infiniband/sw/rxe/rdma_rxe.ko.xz`]: await compiled('int rxe_mr;'),
      },
    });
    await addMeta('6.12.9', version);
    await archive.publish('trixie');
    const kernel = await ensureKernel({ ...options, flavour: 'old' });
    assert.equal(await readFile(kernel.vmlinuz, 'utf8'), 'old kernel');
    assert.equal(await hasOdp(kernel), false);
  });

  it('serves two who ask at once', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    const [one, other] = await Promise.all([ensureKernel(options), ensureKernel(options)]);
    assert.deepEqual(one, other);
    assert.deepEqual(await findKernel(cache, 'newest'), one);
  });

  it('goes to the next mirror where the first cannot be reached', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    const kernel = await ensureKernel({ ...options, mirrors: ['http://127.0.0.1:1', archive.url] });
    assert.equal(kernel.version, '9.8.7-amd64');
  });

  it('fetches again what somebody damaged in the cache', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    const kernel = await ensureKernel(options);
    await unlink(kernel.vmlinuz);
    assert.deepEqual(await ensureKernel(options), kernel);
    assert.ok(await readFile(kernel.vmlinuz));
  });

  it('refuses a package that is not what the index says', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    archive.damage('linux-modules', bytes => Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')]));
    assert.match((await refused()).message, /linux-modules-9\.8\.7-amd64.*Hash Sum mismatch/s);
  });

  it('refuses a download that breaks off', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    archive.damage('linux-binary', bytes => bytes.subarray(0, 100));
    assert.match((await refused()).message, /linux-binary-9\.8\.7-amd64/);
  });

  it('refuses an archive that somebody else signed, and one that nobody did', async () => {
    await addKernel('9.8.7-amd64');
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    assert.match((await refused({ keyring: archive.otherKeyring })).message, /not signed|NO_PUBKEY/);
    const nobodys = await startArchive();
    try {
      await nobodys.publish('trixie-backports', { unsigned: true });
      assert.match((await refused({ mirrors: [nobodys.url] })).message, /not signed/);
    } finally {
      await nobodys[Symbol.asyncDispose]();
    }
  });

  it('refuses a kernel that cannot serve ODP, by its config and by its rxe', async () => {
    await addKernel('9.8.7-amd64', { config: 'CONFIG_RDMA_RXE=m\n' });
    await addMeta('9.8.7', '9.8.7-amd64');
    await archive.publish('trixie-backports');
    assert.match((await refused()).message, /9\.8\.7-amd64 is built without CONFIG_INFINIBAND_ON_DEMAND_PAGING=y/);
    await addKernel('9.8.8-amd64', { module: await compiled('int rxe_mr;') });
    await addMeta('9.8.8', '9.8.8-amd64');
    await archive.publish('trixie-backports');
    assert.match((await refused()).message, /rxe of the kernel 9\.8\.8-amd64 knows no ODP/);
  });

  it('says which archive cannot be reached', async () => {
    assert.match((await refused({ mirrors: ['http://127.0.0.1:1'] })).message, /127\.0\.0\.1:1/);
  });

  /** An ELF object as a kernel module is packed. */
  async function compiled(source: string): Promise<Buffer> {
    const dir = await mkdtemp(join(tmpdir(), 'module-'));
    try {
      await writeFile(join(dir, 'm.c'), `${source}\n`);
      await execa('gcc', ['-c', '-o', join(dir, 'm.ko'), join(dir, 'm.c')]);
      await execa('xz', [join(dir, 'm.ko')]);
      return await readFile(join(dir, 'm.ko.xz'));
    } finally {
      await rm(dir, { recursive: true });
    }
  }
});
