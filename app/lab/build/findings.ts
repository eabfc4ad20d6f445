// SPDX-License-Identifier: MIT
// Pure: what the author is told of a build: a patch that does not build, warnings that the series adds. Judges no machine fault.
import type { Finding } from '../../model/change.ts';
import type { FileDiff, Patch, Series } from '../../model/series.ts';
import { fingerprint } from '../../review/fingerprint.ts';
import type { SandboxOutcome } from '../sandbox.ts';
import { sanitise } from '../sanitise.ts';
import type { Diagnostic } from '../warnings.ts';

const RULE = { broken: 'build-broken', warning: 'build-warning' } as const;
const WITNESS = 4000;

/** One finding for one patch, however many errors it makes. `errors` may be empty. */
export function brokenPatch(patch: Patch, what: { errors: readonly Diagnostic[]; output: string }): Finding {
  const touched = new Set(patch.files.map(file => file.path));
  const first = what.errors.find(error => error.path !== undefined && touched.has(error.path)) ?? what.errors[0];
  const words = first === undefined ? 'the build fails' : tidy(first.message);
  const more = what.errors.length > 1 ? ` (and ${what.errors.length - 1} more errors)` : '';
  return finding(RULE.broken, 'error', {
    patch: patch.index,
    path: first?.path ?? patch.files[0]?.path ?? '',
    line: first?.path === undefined ? 0 : first.line,
    symbol: first === undefined ? '' : about(first),
    message: `${name(patch)} does not build: ${words}${more}. Each patch must build on its own, or a bisection stops here: move the repair into this patch.`,
    witness: excerpt(what.output),
  });
}

const MET: Readonly<Record<Exclude<SandboxOutcome, 'exited' | 'killed'>, string>> = {
  timeout: 'did not end in the time a build may take',
  memory: 'used more memory than a build may',
  processes: 'started more processes than a build may',
  disk: 'wrote more than a build may',
  output: 'printed more than a build may',
};

/** The base builds far within every limit, so it is the patch that meets one. */
export function limitMet(patch: Patch, outcome: SandboxOutcome, log: string): Finding {
  return finding(RULE.broken, 'error', {
    patch: patch.index,
    path: patch.files[0]?.path ?? '',
    line: 0,
    symbol: outcome,
    message: `With ${name(patch).toLowerCase()} configuring or building ${words(outcome)}; the base does not. Look at what the patch makes CMake or the compiler run.`,
    witness: excerpt(log),
  });
}

export function words(outcome: SandboxOutcome): string {
  if (outcome === 'exited') return 'failed';
  return outcome === 'killed' ? 'was killed' : MET[outcome];
}

export function addedWarning(patch: Patch, warning: Diagnostic): Finding {
  const where = warning.symbol === '' ? '' : ` in ${tidy(warning.symbol)}()`;
  const option = warning.option === '' ? '' : ` [${warning.option}]`;
  return finding(RULE.warning, 'warning', {
    patch: patch.index,
    path: warning.path ?? '',
    line: warning.line,
    symbol: about(warning),
    message: `${name(patch)} adds a compiler warning${where}: ${tidy(warning.message)}${option}. The base builds without it: repair it in this patch.`,
    witness: `${warning.path ?? ''}:${warning.line}:${warning.column}: warning: ${tidy(warning.message)}${option}`,
  });
}

/** The verbs' users break although the tree itself builds. */
export function brokenUsers(series: Series, what: { errors: readonly Diagnostic[]; output: string }): Finding {
  const isHeader = (file: FileDiff): boolean => file.path.endsWith('.h');
  const patch = series.patches.find(one => one.files.some(isHeader));
  const words = what.errors[0] === undefined ? 'it does not compile or link' : tidy(what.errors[0].message);
  return finding(RULE.broken, 'error', {
    patch: patch?.index ?? 0,
    path: patch?.files.find(isHeader)?.path ?? '',
    line: 0,
    symbol: 'native-check',
    message: `A program that uses the public verbs API (Abide's native-check) builds against the base and not against the series: ${words}. Sources written for the released headers must keep building.`,
    witness: excerpt(what.output),
  });
}

/** The built tree is not laid out as the guest needs it. */
export function strangeLayout(series: Series, why: string): Finding {
  return finding(RULE.broken, 'error', {
    patch: series.patches.at(-1)?.index ?? 0,
    path: '',
    line: 0,
    symbol: 'layout',
    message: `The series builds, but what it builds cannot be run as the base can: ${tidy(why)}.`,
    witness: '',
  });
}

interface Saying {
  readonly patch: number;
  readonly path: string;
  readonly line: number;
  readonly symbol: string;
  readonly message: string;
  readonly witness: string;
}

function finding(rule: string, severity: 'error' | 'warning', saying: Saying): Finding {
  const { patch, path, line, symbol, message, witness } = saying;
  return {
    rule,
    severity,
    message,
    at: { patch, path, side: path === '' ? 'series' : 'post', line },
    ...(symbol === '' ? {} : { symbol }),
    fingerprint: fingerprint({ rule, path, symbol }),
    ...(witness === '' ? {} : { witness }),
  };
}

/** The function, the option and the first name the compiler quotes: what it is about, without its wording. */
function about(diagnostic: Diagnostic): string {
  const quoted = /['‘`]([^'’]{1,100})['’]/.exec(diagnostic.message)?.[1] ?? '';
  return tidy([diagnostic.symbol, diagnostic.option, quoted].filter(part => part !== '').join(' '));
}

function name(patch: Patch): string {
  return `Patch ${patch.index}/${patch.total}`;
}

function tidy(text: string): string {
  return sanitise(text, 400).replaceAll('\n', ' ').trim();
}

/** From the first failure on, or the tail; ninja's repetition of the command is left out, for it is long and says nothing. */
function excerpt(output: string): string {
  const from = Math.max(0, output.search(/^FAILED: |^CMake Error|^ninja: error|: error: /m));
  const lines = output.slice(from, from + 8 * WITNESS).split('\n');
  const kept = lines.filter(line => !/^(ccache )?\/?\S*\b(cc|gcc) .{300}/.test(line) && !/^\[\d+\/\d+\] /.test(line));
  const text = kept.slice(0, 40).join('\n').slice(0, WITNESS);
  return sanitise(text, WITNESS).trim();
}
