// SPDX-License-Identifier: MIT
// One QEMU process: its arguments, its streams, its end. Everything it reads is an inherited descriptor, so that it needs no path of
// ours and leaves none. It may not know what the guest does.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { AbideError } from '../../errors.ts';
import { capture, type Capture } from './capture.ts';
import { openQmp, type Qmp } from './qmp.ts';
import { tool } from './tools.ts';

export type Accel = 'kvm' | 'tcg';

export interface MachineOptions {
  readonly accel: Accel;
  readonly memoryMiB: number;
  readonly vmlinuz: string;
  readonly initramfs: string;
  /** An open descriptor of the payload disk, which the guest can only read. */
  readonly disk: number;
  /** An open descriptor of a saved state to load; the machine then waits for `cont`. */
  readonly incoming?: number;
  /** Only for a guest without payload: QEMU may start zstd to save it, and keeps our own uid to write the file. */
  readonly maySave?: boolean;
  readonly signal?: AbortSignal;
}

export interface Machine extends AsyncDisposable {
  /** The kernel's console. */
  readonly console: Capture;
  /** Results, as KTAP. */
  readonly ktap: Capture;
  /** What init says on the control port. */
  readonly control: Capture;
  /** QEMU's own complaints. */
  readonly stderr: Capture;
  readonly qmp: Qmp;
  tell(line: string): void;
  /** Settles when the process is gone and its streams are read to the end. */
  readonly ended: Promise<void>;
}

/** Enough for the longest native-check run; far from what would fill our memory. */
const LIMITS = { console: 1 << 20, ktap: 16 << 20, control: 1 << 16, stderr: 1 << 16 } as const;
/** `nobody` of every Linux. */
const NOBODY = 65534;

/** QEMU would keep up to 1 GiB of translated code; a short guest needs a fraction. */
const ACCEL = { kvm: 'kvm', tcg: 'tcg,tb-size=256' } as const;

/** What must be equal for a saved state to fit, beside QEMU, kernel and image. */
export function hardware(o: Pick<MachineOptions, 'accel' | 'memoryMiB'>): string[] {
  return [
    ...['-machine', 'q35', '-accel', ACCEL[o.accel], '-cpu', 'max', '-smp', '2', '-m', String(o.memoryMiB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-nic', 'none'],
    ...['-device', 'vmgenid,guid=auto'],
    ...['-device', 'isa-serial,chardev=console'],
    ...['-device', 'virtio-serial-pci'],
    ...['-device', 'virtserialport,chardev=ktap,name=abide.ktap'],
    ...['-device', 'virtserialport,chardev=control,name=abide.control'],
    ...['-device', 'virtio-blk-pci,drive=payload'],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
  ];
}

// Descriptors of the child, in the order of `stdio` below. Node's pipes are socket pairs, which QEMU takes as connected sockets.
const FD = { stderr: 2, console: 3, ktap: 4, control: 5, qmp: 6, disk: 7, vmlinuz: 8, initramfs: 9 } as const;

function streams(): string[] {
  const sockets = (['console', 'ktap', 'control', 'qmp'] as const).flatMap(name => [
    '-chardev',
    `socket,id=${name},fd=${String(FD[name])}`,
  ]);
  const drive = `if=none,id=payload,file=/dev/fd/${String(FD.disk)},format=raw,readonly=on,file.locking=off`;
  return [
    ...sockets,
    ...['-mon', 'chardev=qmp,mode=control'],
    ...['-drive', drive],
    ...['-kernel', `/dev/fd/${String(FD.vmlinuz)}`, '-initrd', `/dev/fd/${String(FD.initramfs)}`],
  ];
}

function sandbox(spawns: boolean): string[] {
  return [
    '-sandbox',
    `on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn=${spawns ? 'allow' : 'deny'}`,
  ];
}

/**
 * What QEMU runs under: it dies with us (even on SIGKILL) and, where we are root, is nobody. Not so with KVM that only root may
 * open, nor while saving. The signal is tied to the thread that started it: call this from the main thread.
 */
function guard(o: MachineOptions): string[] {
  const death = ['--pdeathsig', 'KILL', '--no-new-privs'];
  if (process.geteuid?.() !== 0 || o.maySave === true) return death;
  if (o.accel === 'tcg') return [...death, `--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, '--clear-groups'];
  const { gid, mode } = statSync('/dev/kvm');
  if ((mode & 0o060) !== 0o060) return death;
  return [...death, `--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, `--groups=${String(gid)}`];
}

/** Starts QEMU. Disposing kills it, whatever it does, and waits until it is gone. */
export async function startMachine(o: MachineOptions): Promise<Machine> {
  const [setpriv, qemu] = [await tool('setpriv'), await tool('qemu-system-x86_64')];
  const incoming = o.incoming === undefined ? [] : ['-S', '-incoming', 'fd:0'];
  const argv = [...guard(o), '--', qemu, ...hardware(o), ...streams(), ...sandbox(o.maySave === true), ...incoming];
  const files = [openSync(o.vmlinuz, 'r'), openSync(o.initramfs, 'r')];
  let child: ChildProcess;
  try {
    child = spawn(setpriv, argv, {
      stdio: [o.incoming ?? 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', o.disk, ...files],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: '/',
    });
  } finally {
    files.forEach(closeSync);
  }
  return watch(child, o.signal);
}

function watch(child: ChildProcess, signal: AbortSignal | undefined): Machine {
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  if (signal?.aborted === true) kill();
  const stream = (fd: number): Duplex => {
    const found = child.stdio[fd] as Duplex | null | undefined;
    if (!found) throw new AbideError('vm-failed', 'QEMU could not be started: its streams are missing');
    // QEMU may go while we write; its end is seen elsewhere.
    found.on('error', () => undefined);
    return found;
  };
  const listen = (name: keyof typeof LIMITS): Capture => capture(stream(FD[name]) as Readable, LIMITS[name], kill);
  let spawnError: unknown;
  child.on('error', error => {
    spawnError = error;
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const control = stream(FD.control);
  return {
    console: listen('console'),
    ktap: listen('ktap'),
    control: listen('control'),
    stderr: listen('stderr'),
    qmp: openQmp(stream(FD.qmp)),
    tell: line => void control.write(`${line}\n`),
    ended,
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', kill);
      kill();
      if (spawnError === undefined) await ended;
    },
  };
}
