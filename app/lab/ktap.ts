// SPDX-License-Identifier: MIT
// Reads KTAP 1 (Documentation/dev-tools/ktap.rst of the kernel) as our runner and native-check write it: with a plan, and with a last
// line `# done`. Pure. It believes nothing: what is missing, doubled, cut or out of order is a problem, and a problem is never a pass.
import type { Outcome } from '../model/run.ts';
import { sanitise } from './sanitise.ts';

export interface KtapTest {
  /** As written; in a sound document 1, 2, 3 and so on. */
  readonly number: number;
  readonly name: string;
  readonly outcome: Outcome;
  /** Of the directive, else the last diagnostics; always there unless it is a pass. */
  readonly reason?: string;
  readonly diagnostics: readonly string[];
  readonly sub?: KtapDocument;
}

export interface KtapDocument {
  readonly plan: number | undefined;
  readonly tests: readonly KtapTest[];
  /** Whether its last line was `# done`. */
  readonly done: boolean;
  /** What is not there although it should be, as sentences: the output was cut, or its program ended early. */
  readonly missing: readonly string[];
  /** What is there and should not be, as sentences: then nothing in the document is sure. Nested documents have their own. */
  readonly problems: readonly string[];
}

interface Frame {
  readonly indent: number;
  plan: number | undefined;
  readonly tests: KtapTest[];
  done: boolean;
  readonly missing: string[];
  readonly problems: string[];
  diagnostics: string[];
  sub: KtapDocument | undefined;
}

const VERSION = /^K?TAP version \d+$/;
const PLAN = /^1\.\.(\d{1,9})(?:\s*#.*)?$/;
const RESULT = /^(not )?ok (\d{1,9})(?:[ \t]+(?:- )?(.*))?$/;
const DIRECTIVE = /(?:^|\s)#\s*(.*)$/;
const MAX_DEPTH = 8;
const MAX_TESTS = 20_000;
const MAX_DIAGNOSTICS = 100;
const MAX_PROBLEMS = 20;
const MAX_TEXT = 500;

/** Any text gives a document; an empty one has a problem as well. */
export function readKtap(text: string): KtapDocument {
  const lines = text.split(/\r*\n/);
  const last = lines.pop() ?? '';
  const frames: Frame[] = [open(0)];
  let version = false;
  for (const line of lines) {
    const content = line.trimStart();
    if (content === '') continue;
    const indent = line.length - content.length;
    closeDeeper(frames, indent);
    const frame = top(frames);
    const begins = VERSION.test(content.trimEnd());
    if (begins && indent > frame.indent) nest(frames, indent);
    else if (indent > frame.indent) note(frame, line.trim());
    else if (!begins) readLine(frame, content.trimEnd());
    else if (!version) version = true;
    else problem(frame, 'the output begins again in its middle');
  }
  const root = top(frames.slice(0, 1));
  if (lines.length === 0 && last === '') root.missing.push('there is no output at all');
  if (last !== '') root.missing.push('the output ends in the middle of a line');
  closeDeeper(frames, 0);
  if (root.sub !== undefined) root.missing.push('the output ends before the result of a group of tests');
  if (!root.done) root.missing.push('the output does not end with "# done"');
  return close(root);
}

function open(indent: number): Frame {
  return {
    indent,
    plan: undefined,
    tests: [],
    done: false,
    missing: [],
    problems: [],
    diagnostics: [],
    sub: undefined,
  };
}

function top(frames: readonly Frame[]): Frame {
  const frame = frames.at(-1);
  if (frame === undefined) throw new Error('a KTAP document without a frame');
  return frame;
}

function nest(frames: Frame[], indent: number): void {
  const frame = top(frames);
  if (frames.length > MAX_DEPTH) problem(frame, 'tests are nested too deeply');
  else frames.push(open(indent));
}

/** A line further to the left ends a nested document; it belongs to the result that follows. */
function closeDeeper(frames: Frame[], indent: number): void {
  while (frames.length > 1 && top(frames).indent > indent) {
    const sub = close(top(frames));
    frames.pop();
    const parent = top(frames);
    if (parent.sub !== undefined) problem(parent, 'two groups of tests before one result: the output is interleaved');
    else parent.sub = sub;
  }
}

function close(frame: Frame): KtapDocument {
  const { plan, tests, done, missing, problems } = frame;
  const there = String(tests.length);
  if (plan === undefined) missing.push('there is no plan line');
  else if (tests.length < plan) missing.push(`${there} of ${String(plan)} planned results are there`);
  else if (tests.length > plan) problem(frame, `${there} results are there, ${String(plan)} were planned`);
  return { plan, tests, done, missing, problems };
}

function problem(frame: Frame, sentence: string): void {
  if (frame.problems.length < MAX_PROBLEMS) frame.problems.push(sentence);
}

function note(frame: Frame, text: string): void {
  frame.diagnostics.push(clean(text));
  if (frame.diagnostics.length > MAX_DIAGNOSTICS) frame.diagnostics.shift();
}

function readLine(frame: Frame, line: string): void {
  const result = RESULT.exec(line);
  if (result) return addResult(frame, result);
  const plan = PLAN.exec(line);
  if (plan) {
    if (frame.plan !== undefined) problem(frame, 'there are two plan lines');
    frame.plan ??= Number(plan[1]);
  } else if (line === '# done') {
    if (frame.done) problem(frame, '"# done" is there twice');
    frame.done = true;
  } else if (/^Bail out!/i.test(line)) {
    problem(frame, `the tests gave up: ${clean(line.slice('Bail out!'.length)) || 'no reason given'}`);
  } else {
    note(frame, line.replace(/^#\s?/, ''));
  }
}

function addResult(frame: Frame, [, not, number, rest = '']: RegExpExecArray): void {
  const expected = (frame.tests.at(-1)?.number ?? 0) + 1;
  if (frame.done) problem(frame, `result ${String(number)} comes after "# done"`);
  if (Number(number) !== expected)
    problem(frame, `result ${String(number)} is there where ${String(expected)} was due`);
  if (frame.tests.length >= MAX_TESTS) return problem(frame, `there are more than ${String(MAX_TESTS)} results`);
  const { diagnostics, sub } = frame;
  frame.diagnostics = [];
  frame.sub = undefined;
  const directive = DIRECTIVE.exec(rest);
  const name = clean(directive ? rest.slice(0, directive.index) : rest) || `test ${String(number)}`;
  const { outcome, said } = judge(not === undefined, directive?.[1] ?? '');
  const test = { number: Number(number), name, outcome, diagnostics, ...(sub === undefined ? {} : { sub }) };
  const reason = said || diagnostics.slice(-5).join('\n') || 'no reason given';
  frame.tests.push(outcome === 'pass' ? test : { ...test, reason: clean(reason) });
}

/** A result's word and directive. What is expected to fail says nothing about a patch, so it counts as skipped. */
function judge(ok: boolean, directive: string): { outcome: Outcome; said: string } {
  const [, word = '', said = ''] = /^(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b:?\s*(.*)$/i.exec(directive) ?? [];
  switch (word.toUpperCase()) {
    case 'SKIP':
      return { outcome: 'skip', said };
    case 'TODO':
    case 'XFAIL':
      return ok ? { outcome: 'pass', said } : { outcome: 'skip', said: `expected to fail${said && `: ${said}`}` };
    case 'TIMEOUT':
      return { outcome: 'fail', said: `timeout${said && `: ${said}`}` };
    case 'ERROR':
      return { outcome: 'error', said };
    default:
      return { outcome: ok ? 'pass' : 'fail', said: directive };
  }
}

function clean(text: string): string {
  const safe = sanitise(text.slice(0, 4 * MAX_TEXT), 4 * MAX_TEXT).trim();
  return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe;
}
