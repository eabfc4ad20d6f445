// SPDX-License-Identifier: MIT
// A finding's identity. Made of what it is about, never of its wording or its line, so that it survives a rebase and a new revision.
import { createHash } from 'node:crypto';

/** 16 hex digits. `symbol` is what the finding is about inside the file (`verbs_context.drv_ibv_create_flow`). */
export function fingerprint(about: { rule: string; path: string; symbol?: string | undefined }): string {
  const parts = [about.rule, about.path, about.symbol ?? ''];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
