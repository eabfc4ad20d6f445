// SPDX-License-Identifier: MIT
// Mocha reporter of one ring: a line a suite while it runs, failures in full and skips by name at its end, and the counts into a file.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const { EVENT_SUITE_END, EVENT_RUN_END, EVENT_TEST_PENDING, EVENT_TEST_PASS, EVENT_TEST_FAIL } = Mocha.Runner.constants;

export default class RingReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skipped: string[] = [];
    let suite = { tests: 0, failed: 0, started: Date.now() };

    runner.on(EVENT_TEST_PASS, () => {
      counts.passed++;
      suite.tests++;
    });
    runner.on(EVENT_TEST_FAIL, () => {
      counts.failed++;
      suite.tests++;
      suite.failed++;
    });
    runner.on(EVENT_TEST_PENDING, test => {
      counts.skipped++;
      skipped.push(test.fullTitle());
    });
    runner.on(EVENT_SUITE_END, ended => {
      if (ended.parent?.root !== true) return;
      const seconds = ((Date.now() - suite.started) / 1000).toFixed(1);
      const bad = suite.failed > 0 ? `, ${String(suite.failed)} FAILED` : '';
      process.stdout.write(`  ${ended.title}: ${String(suite.tests)} tests${bad} (${seconds} s)\n`);
      suite = { tests: 0, failed: 0, started: Date.now() };
    });
    runner.once(EVENT_RUN_END, () => {
      if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
      for (const title of skipped) process.stdout.write(`  skipped: ${title}\n`);
      writeFileSync(String(options.reporterOptions?.['counts']), JSON.stringify(counts));
    });
  }
}
