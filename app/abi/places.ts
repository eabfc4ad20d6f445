// SPDX-License-Identifier: MIT
// What a file is, in today's layout and in those of 2005 to 2016, when each library was a tree of its own
// (`src/`, `include/infiniband/`). By path where that says it, by content where only that does.

const INSTALLED = new Set([
  ...['verbs.h', 'verbs_api.h', 'arch.h', 'opcode.h', 'sa.h', 'sa-kern-abi.h', 'tm_types.h'],
  ...['rdma_cma.h', 'rdma_cma_abi.h', 'rdma_verbs.h', 'rsocket.h', 'acm.h', 'ib.h', 'acm_prov.h'],
  ...['umad.h', 'umad_types.h', 'umad_sa.h', 'umad_sm.h', 'umad_cm.h', 'umad_str.h', 'umad_sa_mcm.h'],
  ...['mad.h', 'mad_osd.h', 'ibnetdisc.h', 'ibnetdisc_osd.h'],
  ...['mlx5dv.h', 'mlx5_api.h', 'mlx5_user_ioctl_verbs.h', 'ib_user_ioctl_verbs.h', 'mlx4dv.h'],
  ...['efadv.h', 'hnsdv.h', 'manadv.h', 'ionic_dv.h'],
]);

/** Trees that hold no library: examples, tests, tools, packaging, and the kernel's own headers. */
const ELSEWHERE =
  /(^|\/)(examples|tests|pyverbs|kernel-headers|buildlib|debian|redhat|suse|man|ccan|infiniband-diags)\//;

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const isHeader = (path: string): boolean => path.endsWith('.h');
export const isSource = (path: string): boolean => path.endsWith('.c');

/** libibverbs' verbs.h, wherever its tree had it. */
export function isVerbsHeader(path: string): boolean {
  return /^(libibverbs\/)?(include\/infiniband\/)?verbs\.h$/.test(path) && path !== 'verbs.h';
}

/** A header that applications include (`publish_headers` in CMakeLists.txt). */
export function isInstalledHeader(path: string): boolean {
  return INSTALLED.has(base(path)) && !ELSEWHERE.test(path);
}

/** A C file that may be a provider's: today's providers/, or a src/ of the time when each provider was a tree. */
export function mayBeProvider(path: string): boolean {
  return (
    (isSource(path) || isHeader(path)) && /^(providers\/|src\/|lib(?!ibverbs|rdmacm|ibumad|ibmad|ibcm)\w+\/)/.test(path)
  );
}

/** A C source that may be libibverbs' own. `src/verbs.c` was also a provider's: `isLibraryText` decides. */
export function mayBeLibrary(path: string): boolean {
  return isSource(path) && /^(libibverbs\/(src\/)?|src\/)[\w-]+\.c$/.test(path);
}

/** Only libibverbs includes its private "ibverbs.h". */
export function isLibraryText(path: string, text: string): boolean {
  return path.startsWith('libibverbs/') || /^#\s*include\s+"ibverbs\.h"/m.test(text);
}
