// SPDX-License-Identifier: MIT
// Pure: the seccomp filter of the sandbox, as the bytes that bwrap --seccomp reads. It refuses memory that no limit sees,
// sockets that no network namespace holds, and parts of the kernel that no compiler needs.

/** Number of each refused system call on x86-64 and on arm64 (asm/unistd_64.h, asm-generic/unistd.h). */
const REFUSED: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  // Memory that belongs to no process and no file system we limit.
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  msgget: [68, 186],
  semget: [64, 190],
  mq_open: [240, 180],
  // Kernel surface.
  io_uring_setup: [425, 425],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  mount: [165, 40],
  fsopen: [430, 430],
  open_tree: [428, 428],
  move_mount: [429, 429],
  pivot_root: [155, 41],
  unshare: [272, 97],
  setns: [308, 268],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  // One process of the job on another, or on the script that collects results.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
};
const SOCKET: readonly [number, number] = [41, 198];
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: held by the network namespace. AF_VSOCK and AF_ALG are not. */
const FAMILIES = [1, 2, 10, 16];

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
// linux/bpf_common.h, linux/seccomp.h
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000 | 1; // SECCOMP_RET_ERRNO | EPERM
const ABSENT = 0x00050000 | 38; // SECCOMP_RET_ERRNO | ENOSYS
const OFFSET = { nr: 0, arch: 4, arg0: 16 } as const; // struct seccomp_data
const X32 = 0x40000000;

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, value: number];

/** The filter for this machine's architecture, or undefined where we have no table for it. */
export function seccompFilter(arch: string): Buffer | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const column = arch === 'x64' ? 0 : 1;
  const program: Instruction[] = [
    [LOAD, 0, 0, OFFSET.arch],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH[arch]],
    [RETURN, 0, 0, ABSENT],
    [LOAD, 0, 0, OFFSET.nr],
    // The x32 numbers are a second way to each call.
    [JUMP_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, ABSENT],
  ];
  for (const numbers of Object.values(REFUSED))
    program.push([JUMP_EQUAL, 0, 1, numbers[column]], [RETURN, 0, 0, REFUSE]);
  program.push([JUMP_EQUAL, 1, 0, SOCKET[column]], [RETURN, 0, 0, ALLOW], [LOAD, 0, 0, OFFSET.arg0]);
  for (const family of FAMILIES) program.push([JUMP_EQUAL, 0, 1, family], [RETURN, 0, 0, ALLOW]);
  program.push([RETURN, 0, 0, REFUSE]);
  return encode(program);
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k; both architectures are little-endian. */
function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, jumpTrue, jumpFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
