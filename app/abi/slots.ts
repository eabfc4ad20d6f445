// SPDX-License-Identifier: MIT
// struct verbs_context as a table of slots that is indexed from its end, before and after. Pure.
import type { ChangedFile } from '../model/change.ts';
import { compareStructs, type StructChange } from './compare.ts';
import type { Struct } from './facts.ts';
import { unit, type Unit } from './unit.ts';

export interface SlotsChange {
  readonly file: ChangedFile;
  readonly pre: Struct;
  readonly post: Struct;
  readonly units: { readonly pre: Unit; readonly post: Unit };
  readonly change: StructChange;
}

/** The files of a change in which verbs_context stands on both sides and differs. */
export function slotChanges(files: readonly ChangedFile[]): SlotsChange[] {
  return files.flatMap(file => {
    const units = { pre: unit(file.pre), post: unit(file.post) };
    const pre = units.pre.struct('verbs_context');
    const post = units.post.struct('verbs_context');
    if (pre === undefined || post === undefined) return [];
    return [{ file, pre, post, units, change: compareStructs(pre, post, 'up') }];
  });
}
