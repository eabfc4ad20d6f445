// SPDX-License-Identifier: MIT
// The command: arguments in, one of the promised exit statuses out. Each subcommand is a file under commands/.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { AbideError } from './errors.ts';
import { forTerminal } from './model/harmless.ts';
import { compose } from './main.ts';
import { addDoctor } from './commands/doctor.ts';
import { addReplay } from './commands/replay.ts';
import { addReview } from './commands/review.ts';
import { addRules } from './commands/rules.ts';
import { addRun } from './commands/run.ts';
import { addSetup } from './commands/setup.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The first one ends the work in good order, guests and work trees gone; a second one does not wait for that.
  process.on(signal, () => (abort.signal.aborted ? process.exit(3) : abort.abort()));
}
// A reader that has seen enough (`abide rules | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`abide: the report cannot be written: ${error.code ?? error.message}\n`);
  process.exit(3);
});

function build(): Command {
  const program = new Command('abide')
    .description('Reviews patch series for rdma-core: judges their ABI, applies, builds and runs them.')
    .version(version(), '--version')
    .exitOverride()
    .showHelpAfterError('(abide --help lists the commands)');
  const app = compose(abort.signal);
  for (const add of [addReview, addRun, addReplay, addRules, addDoctor, addSetup]) add(program, app);
  return program;
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

async function main(): Promise<number> {
  try {
    const program = build();
    await program.parseAsync(process.argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return tell(error);
  }
}

function tell(error: unknown): number {
  // Help and version end with 0; commander has already written the words of every usage error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (abort.signal.aborted) {
    process.stderr.write('abide: interrupted; what was running has been ended\n');
    return 3;
  }
  if (error instanceof AbideError) {
    const hint = error.hint ? `\n  ${error.hint}` : '';
    process.stderr.write(`abide: ${forTerminal(error.message + hint)} [${error.code}]\n`);
    return error.exitStatus;
  }
  // Not the stack alone: what an error hides (its cause, one that a disposal suppressed) is what a report of it needs.
  process.stderr.write(`abide: a bug of ours, please report it:\n${forTerminal(whole(error))}\n`);
  return 3;
}

const whole = (error: unknown): string =>
  error instanceof SuppressedError
    ? `${whole(error.error)}\nand before it\n${whole(error.suppressed)}`
    : inspect(error);

process.exitCode = await main();
