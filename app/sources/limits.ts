// SPDX-License-Identifier: MIT
// How much a source takes in before it says no. A series of rdma-core is below a megabyte.

export const MAX_INPUT_BYTES = 512 * 1024 * 1024;
export const MAX_FILES = 100_000;
