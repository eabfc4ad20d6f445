// SPDX-License-Identifier: MIT
// The end of `npm start`, for now: one real review of an example whose verdict is known, so that a newcomer sees what Abide says.
// Ends with 0 where Abide worked, which for this example means the verdict `fail`.
import { execa } from 'execa';
import { resolve } from 'node:path';

const EXAMPLE = 'examples/01-drv-lib-pair';
const FAIL = 1;

const root = resolve(import.meta.dirname, '..');
process.stderr.write(
  `\n$ ./abide review ${EXAMPLE}\n(the first time it builds rdma-core and boots a guest, which takes some minutes)\n\n`,
);
const review = await execa(resolve(root, 'abide'), ['review', EXAMPLE], { cwd: root, reject: false, stdio: 'inherit' });
if (review.exitCode === FAIL) {
  process.stdout.write(
    `\nThat verdict is right: this example adds two slots to struct verbs_context for one verb, as a series of 2014 did.\n` +
      `Next: ./abide review YOUR.mbox   ./abide doctor   ./abide --help   (more examples: examples/README.md)\n`,
  );
} else {
  process.stderr.write(
    `\nAbide should have said "fail" (exit status 1) and ended with ${String(review.exitCode ?? review.signal)}.\n` +
      `What to do: ./abide doctor says what this machine lacks.\n`,
  );
}
process.exitCode = review.exitCode === FAIL ? 0 : 1;
