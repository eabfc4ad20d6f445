// SPDX-License-Identifier: MIT
// Whether something has shipped: an ABI binds from the release that first holds it. Pure.
import { unit, type Unit } from '../abi/index.ts';
import type { View } from './rule.ts';

export interface Shipped {
  /** `unknown` counts as shipped. */
  readonly state: 'yes' | 'no' | 'unknown';
  /** A clause for a message: `v58.0 has it`. */
  readonly words: string;
}

/** Looks for a thing of the base in the newest release. Where no release or no such file is known, the base counts as shipped. */
export function shipped(view: View, path: string, holds: (release: Unit) => boolean): Shipped {
  const text = view.released?.files.get(path);
  if (view.released === undefined || text === undefined)
    return { state: 'unknown', words: 'no release tag was found to compare with, so the base counts as released' };
  const { tag } = view.released;
  return holds(unit(text)) ? { state: 'yes', words: `${tag} shipped it` } : { state: 'no', words: `${tag} lacks it` };
}
