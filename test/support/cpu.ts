// SPDX-License-Identifier: MIT
// Seconds of this process's own time that some work took: on a machine that builds beside the tests, a wall clock says nothing.

export function cpuSeconds(work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}
