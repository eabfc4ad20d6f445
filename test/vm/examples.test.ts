// SPDX-License-Identifier: MIT
// The example series through the whole job, as a person runs it: built, and run base against patched, each in a guest.
import assert from 'node:assert/strict';
import { casesOf, compare, exampleNames, expectedOf, reviewExample } from '../examples/support.ts';

describe('examples, the whole job', function () {
  // A cold cache builds the base first, and saves a guest.
  this.timeout(15 * 60_000);

  for (const name of exampleNames) {
    it(name, async () => {
      const expected = expectedOf(name);
      const reviewed = await reviewExample(name, 'rules,apply,build,odp');
      compare(reviewed, expected, 'full');
      const broken = casesOf(reviewed.report, 'broken');
      assert.deepEqual(casesOf(reviewed.report, 'lost'), expected.full.lost.toSorted());
      if (expected.full.broken.length === 0) assert.deepEqual(broken, []);
      for (const one of expected.full.broken) assert.ok(broken.includes(one), `${one} should break; broken: ${broken}`);
    });
  }
});
