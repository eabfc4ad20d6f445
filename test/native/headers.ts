// SPDX-License-Identifier: MIT
// The headers that native-check is compiled against, taken out of the tree under test as its build would install them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path in an include folder → path in the tree. */
const HEADERS: Readonly<Record<string, string>> = {
  'infiniband/verbs.h': 'libibverbs/verbs.h',
  'infiniband/verbs_api.h': 'libibverbs/verbs_api.h',
  'infiniband/ib_user_ioctl_verbs.h': 'kernel-headers/rdma/ib_user_ioctl_verbs.h',
  'rdma/ib_user_verbs.h': 'kernel-headers/rdma/ib_user_verbs.h',
  'rdma/rdma_netlink.h': 'kernel-headers/rdma/rdma_netlink.h',
};

/** Writes them under `into`. `treeDir` is a repository, bare or not. */
export function writeHeaders(treeDir: string, into: string): void {
  for (const folder of ['infiniband', 'rdma']) mkdirSync(join(into, folder), { recursive: true });
  for (const [to, from] of Object.entries(HEADERS)) {
    writeFileSync(join(into, to), execFileSync('git', ['-C', treeDir, 'show', `HEAD:${from}`]));
  }
}
