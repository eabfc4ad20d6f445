// SPDX-License-Identifier: MIT
// Loaded before every test (.mocharc.json): generated cases are the same in every run, so that a red test is red for everybody.
import fc from 'fast-check';

fc.configureGlobal({ seed: 20261122 });
