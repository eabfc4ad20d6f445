// SPDX-License-Identifier: MIT
// Every rule, sorted by name. `npm run new:rule NAME` adds here; test/rules.test.ts holds the list to the folder.
import type { Rule } from '../app/review/index.ts';
import contextOpsFrozen from './context-ops-frozen.ts';
import driverWrongOpScheme from './driver-wrong-op-scheme.ts';
import inlineCompMaskCheck from './inline-comp-mask-check.ts';
import inlineContractChanged from './inline-contract-changed.ts';
import inlineOpUnchecked from './inline-op-unchecked.ts';
import vctxDrvLibPair from './vctx-drv-lib-pair.ts';
import vctxNotAtTop from './vctx-not-at-top.ts';
import vctxPlaceholderLateFill from './vctx-placeholder-late-fill.ts';
import vctxSlotMoved from './vctx-slot-moved.ts';
import vctxSlotNoPlaceholder from './vctx-slot-no-placeholder.ts';
import vctxSlotType from './vctx-slot-type.ts';
import vctxTailFixed from './vctx-tail-fixed.ts';

export { contextPaths } from '../app/review/index.ts';

export const rules: readonly Rule[] = [
  contextOpsFrozen,
  driverWrongOpScheme,
  inlineCompMaskCheck,
  inlineContractChanged,
  inlineOpUnchecked,
  vctxDrvLibPair,
  vctxNotAtTop,
  vctxPlaceholderLateFill,
  vctxSlotMoved,
  vctxSlotNoPlaceholder,
  vctxSlotType,
  vctxTailFixed,
];
