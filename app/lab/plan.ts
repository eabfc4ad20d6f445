// SPDX-License-Identifier: MIT
// What the guest is asked to run, base and patched alike. Fixed here: tests come from Abide, never from the series.
import type { GuestStep } from './vm.ts';

const DEVICE = ['-d', 'rxe0'];
// GID index 1 is rxe's IPv4 GID (index 0 is link-local IPv6, not there yet right after the device came up).
const GID = ['-g', '1'];

// Both ends spin on the CPU: the default of 1000 takes seconds on a busy host, and shows no more.
const ITERATIONS = ['-n', '200'];

function pingpong(name: string, options: readonly string[]): GuestStep {
  const argv = [name, ...DEVICE, ...GID, ...ITERATIONS, ...options];
  return {
    name: [name, ...options].join(' '),
    argv: [...argv, '10.0.0.1'],
    server: argv,
    timeoutSeconds: 60,
    ktap: false,
  };
}

/** The `odp` check: our own tests, and the tree's own programs. */
export const ODP_PLAN: readonly GuestStep[] = [
  {
    name: 'native-check',
    argv: ['native-check', '--require-device', '--device', 'rxe0', '--gid-index', '1'],
    timeoutSeconds: 300,
    ktap: true,
  },
  { name: 'ibv_devinfo -v', argv: ['ibv_devinfo', '-v', ...DEVICE], timeoutSeconds: 30, ktap: false },
  pingpong('ibv_rc_pingpong', ['-o']),
  pingpong('ibv_rc_pingpong', []),
  pingpong('ibv_ud_pingpong', []),
  pingpong('ibv_srq_pingpong', []),
];
