// SPDX-License-Identifier: MIT
// The engine: scopes, blame, suppressions, order, and rules that misbehave.
import assert from 'node:assert/strict';
import type { Change } from '../../app/model/change.ts';
import { diffTexts } from '../../app/review/diff.ts';
import { defineRule, judge, seriesOf, suppressionNotices, type Rule } from '../../app/review/index.ts';

const good = 'a\nb\nc\n';
const bad = 'a\nb\nBAD\nc\n';

const rule = (over: Partial<Rule['meta']> = {}, check?: Rule['check']): Rule =>
  defineRule({
    name: 'no-bad',
    meta: {
      ...{
        severity: 'error',
        scope: 'series',
        reads: path => path.endsWith('.h'),
        readsText: 'headers',
        title: 't',
        why: 'w',
        fix: 'f',
      },
      ...{ references: [{ document: 'd', says: 's' }], messages: { bad: 'line {line} is bad' } },
      ...over,
    },
    examples: { bad: [], good: [{ title: 'g', files: [] }], seen: [] },
    check:
      check ??
      ((view, report) => {
        for (const file of view.files) {
          const line = (file.post ?? '').split('\n').indexOf('BAD') + 1;
          if (line > 0)
            report({
              message: 'bad',
              path: file.path,
              side: 'post',
              line,
              symbol: 'BAD',
              data: { line: String(line) },
            });
        }
      }),
  });

/** A series that takes a file through these states. */
function through(path: string, ...texts: string[]): Change {
  const steps = texts
    .slice(1)
    .map((post, at) => ({ path, pre: texts[at], post, diff: diffTexts(path, texts[at], post) }));
  const [pre, post] = [texts[0], texts.at(-1)];
  return {
    series: seriesOf(
      's',
      steps.map(step => [step.diff]),
    ),
    baseCommit: '',
    files: [{ path, pre, post, diff: diffTexts(path, pre, post) }],
    patches: steps.map((step, at) => ({ patch: at + 1, files: [step] })),
    context: new Map(),
  };
}

const withTrailer = (change: Change, value: string): Change => ({
  ...change,
  series: {
    ...change.series,
    patches: change.series.patches.map(patch => ({ ...patch, trailers: [{ key: 'Abide-Suppress', value }] })),
  },
});

describe('judge', () => {
  it('is silent in scope series where a later patch repairs, and blames the step in scope patch', () => {
    const repaired = through('a.h', good, bad, good);
    assert.deepEqual(judge(repaired, [rule()]), []);
    assert.deepEqual(
      judge(repaired, [rule({ scope: 'patch' })]).map(each => each.at.patch),
      [1],
    );
  });

  it('blames the patch whose hunk made the line', () => {
    const [finding] = judge(through('a.h', good, 'x\n' + good, 'x\n' + bad, 'y\nx\n' + bad), [rule()]);
    assert.deepEqual(finding?.at, { patch: 2, path: 'a.h', side: 'post', line: 5 });
  });

  it('shows a rule the files it reads alone, and only where it wakes', () => {
    assert.deepEqual(judge(through('a.c', good, bad), [rule()]), []);
    assert.equal(judge(through('a.h', good, bad), [rule({ wakes: /BAD/ })]).length, 1);
    assert.deepEqual(judge(through('a.h', bad, 'x\n' + bad), [rule({ wakes: /BAD/ })]), []);
  });

  it('gives a rule the context it asks for, whether the series touches it or not', () => {
    const seen: string[] = [];
    const asking = rule({ context: ['beside.h', 'touched.c', 'gone.c'] }, view => {
      seen.push(...[...view.context].map(([path, text]) => `${path}: ${text.length}`).sort());
    });
    const change = through('a.h', good, bad);
    const touched = ['touched.c', 'other.c'].map(path => through(path, good, bad).files[0]!);
    const gone = { ...through('gone.c', good, '').files[0]!, post: undefined };
    judge({ ...change, files: [...change.files, ...touched, gone], context: new Map([['beside.h', 'x']]) }, [asking]);
    assert.deepEqual(seen, ['beside.h: 1', `touched.c: ${bad.length}`]);
  });

  it('marks what a trailer suppresses with a reason, and only that', () => {
    const change = through('a.h', good, bad);
    const { fingerprint } = judge(change, [rule()])[0]!;
    const suppressed = judge(withTrailer(change, `${fingerprint} no program can hold this yet`), [rule()])[0]!;
    assert.deepEqual(suppressed.suppressed, { by: 'a trailer of patch 1/1', reason: 'no program can hold this yet' });
    for (const useless of [
      fingerprint,
      `${fingerprint} `,
      `${fingerprint} ok`,
      '0000000000000000 no program can hold this yet',
      'no program can hold this yet',
    ])
      assert.equal(judge(withTrailer(change, useless), [rule()])[0]!.suppressed, undefined, useless);
  });

  it('tells of each trailer that suppresses nothing, and why', () => {
    const told = (value: string): string[] =>
      suppressionNotices(withTrailer(through('a.h', good, bad), value).series).map(notice => notice.message);
    const print = '0123456789abcdef';
    assert.deepEqual(told(`${print} no program can hold this yet`), []);
    assert.match(
      told(print)[0]!,
      /^a trailer of patch 1\/1 suppresses nothing: “Abide-suppress: 0123456789abcdef” gives no reason\. Write/,
    );
    assert.match(told(`${print} ok`)[0]!, /less than 8 characters/);
    for (const value of ['', 'vctx-slot-type is wrong here', `${print}0 no program can hold this yet`])
      assert.match(told(value)[0]!, /does not begin with the fingerprint/);
    assert.ok(told('x'.repeat(100_000))[0]!.length < 400);
    assert.equal(suppressionNotices(withTrailer(through('a.h', good, bad, good), print).series).length, 2);
  });

  it('sorts by patch, path and line, and keeps one of two with the same fingerprint', () => {
    const twice = rule({}, (view, report) => {
      for (const line of [3, 1])
        report({
          message: 'bad',
          path: view.files[0]!.path,
          side: 'post',
          line,
          symbol: `s${line}`,
          data: { line: '' },
        });
      report({ message: 'bad', path: view.files[0]!.path, side: 'post', line: 2, symbol: 's3', data: { line: '' } });
    });
    assert.deepEqual(
      judge(through('a.h', good, bad), [twice]).map(each => each.at.line),
      [1, 3],
    );
  });

  it('names the rule that throws, or reports what it has no words for', () => {
    const broken = rule({}, () => {
      throw new TypeError('oops');
    });
    assert.throws(() => judge(through('a.h', good, bad), [broken]), /no-bad/);
    const wordless = rule({}, (_, report) => report({ message: 'absent', path: 'a.h', side: 'post', line: 1 }));
    assert.throws(() => judge(through('a.h', good, bad), [wordless]), /no-bad/);
  });
});
