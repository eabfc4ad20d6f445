// SPDX-License-Identifier: MIT
// Whether KVM boots this kernel on this host. /dev/kvm can exist, open and make a VM and still not boot a guest, so we boot one and
// remember the answer for host and kernel.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { buildImage } from './image.ts';
import { startMachine } from './machine.ts';
import type { KernelPackage } from './modules.ts';
import { emptyDisk } from './payload.ts';
import { hostCpu } from './state.ts';
import { pause, within } from './time.ts';
import { identity, tool } from './tools.ts';
import { writeWhole } from './whole.ts';

const Answer = z.object({ works: z.boolean(), why: z.string() });
export type KvmAnswer = z.infer<typeof Answer>;

export interface ProbeOptions {
  /** The VM lab's own folder of the cache. */
  readonly dir: string;
  readonly kernel: KernelPackage;
  readonly memoryMiB: number;
  /** Where KVM works a guest is up in about two seconds. */
  readonly seconds?: number;
  readonly device?: string;
}

const DAY_MS = 24 * 3_600_000;

/** Never throws for a KVM that is missing or broken: that is an answer. */
export async function askKvm(o: ProbeOptions): Promise<KvmAnswer> {
  const device = o.device ?? '/dev/kvm';
  const denied = await access(device, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  if (denied?.code === 'ENOENT') return { works: false, why: `there is no ${device}` };
  if (denied !== undefined)
    return { works: false, why: `${device} may not be opened by this user (${denied.code ?? ''})` };

  const file = join(o.dir, `kvm-${await hostAndKernel(o.kernel)}.json`);
  const known = await recall(file);
  if (known !== undefined) return known;
  const answer = await bootOnce(o);
  await writeWhole(file, JSON.stringify(answer));
  return answer;
}

/** A host on which KVM was once too slow may have been busy: a no is good for a day, a yes for as long as host and kernel are. */
async function recall(file: string): Promise<KvmAnswer | undefined> {
  const known = await readFile(file, 'utf8').then(parse, () => undefined);
  if (known === undefined || known.works) return known;
  const { mtimeMs } = await stat(file);
  return Date.now() - mtimeMs < DAY_MS ? known : undefined;
}

function parse(text: string): KvmAnswer | undefined {
  try {
    return Answer.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function hostAndKernel(kernel: KernelPackage): Promise<string> {
  const qemu = await identity([await tool('qemu-system-x86_64')]);
  const parts = [hostname(), release(), await hostCpu(), qemu, kernel.version];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}

async function bootOnce(o: ProbeOptions): Promise<KvmAnswer> {
  const seconds = o.seconds ?? 20;
  const image = await buildImage(o.kernel, o.dir);
  const disk = await emptyDisk(o.dir);
  try {
    await using machine = await startMachine({
      accel: 'kvm',
      memoryMiB: o.memoryMiB,
      vmlinuz: o.kernel.vmlinuz,
      initramfs: image.path,
      disk: disk.handle.fd,
    });
    const up = machine.control.seen(/^ready$/m).then(ready => (ready ? 'up' : 'ended'));
    let stopped = false;
    // A KVM that cannot run a guest's instructions leaves QEMU paused and silent.
    const halted = (async () => {
      while (!stopped) {
        const { status } = (await machine.qmp.execute('query-status')) as { status?: string };
        if (status === 'internal-error') return status;
        await pause(100);
      }
      return 'ended';
    })().catch(() => 'ended');
    const how = await within(seconds, Promise.race([up, halted]));
    stopped = true;
    if (how === 'up') return { works: true, why: `a guest with ${o.kernel.version} was up` };
    const said = machine.stderr.text().split('\n')[0]?.trim() ?? '';
    const what =
      how === undefined
        ? `no guest was up after ${String(seconds)} s`
        : how === 'internal-error'
          ? 'KVM stopped the guest with an internal error'
          : 'QEMU ended before the guest was up';
    return { works: false, why: `/dev/kvm is there and does not boot: ${what}${said && ` (${said})`}` };
  } finally {
    await disk.handle.close();
  }
}
