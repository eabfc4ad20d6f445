// SPDX-License-Identifier: MIT
// `abide doctor`: what this machine can do, tried and not guessed.
import { Option, type Command } from 'commander';
import { doctor, renderDoctor } from '../doctor.ts';
import type { App } from '../main.ts';
import { output } from './options.ts';

export function addDoctor(program: Command, app: App): void {
  program
    .command('doctor')
    .description('say what this machine can do, what is missing, and the command that installs it')
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .action(async (options: { format: string }) => {
      const report = await doctor(app.doctorOptions());
      const text =
        options.format === 'json'
          ? JSON.stringify(report, null, 2) + '\n'
          : renderDoctor(report, { color: app.config.color });
      await output(text, undefined, app);
      process.exitCode = report.ok ? 0 : 3;
    });
}
