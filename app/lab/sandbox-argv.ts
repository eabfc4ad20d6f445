// SPDX-License-Identifier: MIT
// Pure: the command line that puts a job into bubblewrap, as root or as an ordinary user. Starts nothing, reads nothing.

export interface Bind {
  readonly from: string;
  /** A path directly below / of the sandbox: folders on the way would not be readable. */
  readonly to: string;
  readonly write?: boolean;
}

export interface Limits {
  /** Wall clock. */
  readonly seconds: number;
  /** Resident memory of all processes together. */
  readonly memoryMiB: number;
  /** Processes and threads together. */
  readonly processes: number;
  /** Everything printed; only the tail is kept. */
  readonly outputMiB: number;
  /** Everything written: the scratch folders are tmpfs of this size together, nothing else can be written. */
  readonly diskMiB: number;
}

export interface SandboxLayout {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly binds: readonly Bind[];
  readonly limits: Limits;
  readonly env: Readonly<Record<string, string>>;
  /** A writable, empty folder besides /tmp. It gets three quarters of diskMiB, /tmp the rest. */
  readonly scratch?: string;
}

/** File descriptors of the outermost process; stdin is /dev/null, 1 is what the job prints, 2 what the machinery says. */
export const FD = { status: 3, seccomp: 4, collect: 5 } as const;

/** The host's uid that a job runs as when Abide runs as root: in Debian's reserved range, so that nobody else has it. */
export const SANDBOX_UID = 65123;
const INNER_UID = '1000';
const MIB = 1024 * 1024;

/** `root`: whether the caller is uid 0. */
export function sandboxArgv(layout: SandboxLayout, root: boolean): string[] {
  const namespaces = ['ipc', 'pid', 'net', 'uts', 'cgroup'].map(name => `--unshare-${name}`);
  const guard = ['--die-with-parent', '--new-session'];
  const user = ['--unshare-user', '--disable-userns', '--uid', INNER_UID, '--gid', INNER_UID];
  const filter = ['--seccomp', String(FD.seccomp)];
  const outer = [
    'bwrap',
    '--json-status-fd',
    String(FD.status),
    ...namespaces,
    ...guard,
    ...environment(layout),
    ...mounts(layout),
  ];
  if (!root) return [...outer, ...user, '--cap-drop', 'ALL', ...filter, '--', ...limited(layout)];
  // RLIMIT_NPROC does not bind uid 0 of the first namespace, and folders of root are not reachable for others: so root makes
  // the mounts, then becomes nobody in particular, then enters the user namespace.
  const drop = ['--reuid', '--regid'].flatMap(option => [option, String(SANDBOX_UID)]);
  const setpriv = [
    'setpriv',
    ...drop,
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
  ];
  const inner = ['bwrap', '--die-with-parent', ...user, '--dev-bind', '/', '/', '--chdir', layout.cwd, ...filter, '--'];
  return [...outer, '--', ...setpriv, ...inner, ...limited(layout)];
}

function environment(layout: SandboxLayout): string[] {
  const fixed = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', TZ: 'UTC', TMPDIR: '/tmp' };
  const pairs = Object.entries({ ...fixed, ...layout.env });
  return ['--clearenv', '--hostname', 'sandbox', ...pairs.flatMap(([name, value]) => ['--setenv', name, value])];
}

function mounts(layout: SandboxLayout): string[] {
  const disk = layout.limits.diskMiB * MIB;
  const small = layout.scratch === undefined ? disk : Math.floor(disk / 4);
  const argv = ['--ro-bind', '/usr', '/usr'];
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) argv.push('--symlink', `usr/${name}`, `/${name}`);
  argv.push('--perms', '0755', '--dir', '/etc');
  for (const path of ['/etc/alternatives', '/etc/ld.so.cache']) argv.push('--ro-bind-try', path, path);
  argv.push('--proc', '/proc', '--dev', '/dev', ...tmpfs('/tmp', small));
  if (layout.scratch !== undefined) argv.push(...tmpfs(layout.scratch, disk - small));
  for (const bind of layout.binds) argv.push(bind.write === true ? '--bind' : '--ro-bind', bind.from, bind.to);
  // bwrap's own / and /dev are tmpfs without a size: left writable, they are half of the machine's memory.
  return [...argv, '--remount-ro', '/dev', '--remount-ro', '/', '--chdir', layout.cwd];
}

function tmpfs(path: string, bytes: number): string[] {
  return ['--perms', '1777', '--size', String(bytes), '--tmpfs', path];
}

// Files that whoever started Abide left open would reach the job; bash, since dash cannot name a descriptor above 9.
const LAST_STEP =
  'for fd in /proc/self/fd/*; do fd=${fd##*/}; if [ "$fd" -gt 5 ]; then eval "exec $fd>&-"; fi; done; exec "$@" 2>&1';

// Set inside the user namespace: there (Linux 5.14 and later) nproc counts the job's own processes, not all of the user's.
function limited(layout: SandboxLayout): string[] {
  const { limits } = layout;
  const rlimits = {
    nproc: limits.processes,
    // The watch judges what is resident; this stops one process that outruns it.
    as: (limits.memoryMiB + 1024) * MIB,
    fsize: limits.diskMiB * MIB,
    nofile: 1024,
    core: 0,
    memlock: 0,
    msgqueue: 0,
  };
  const options = Object.entries(rlimits).map(([name, value]) => `--${name}=${value}`);
  // If the host itself runs out of memory, its kernel is to take this job first.
  const kind = ['choom', '-n', '1000', '--', 'nice', '-n', '10'];
  return ['prlimit', ...options, ...kind, 'bash', '-c', LAST_STEP, 'bash', ...layout.argv];
}
