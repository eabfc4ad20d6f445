// SPDX-License-Identifier: MIT
// The one strict test of all rules: what a rule's file says about itself is true. It knows no rule by name.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadParsers } from '../app/abi/index.ts';
import type { Finding } from '../app/model/change.ts';
import { replay } from '../app/replay.ts';
import {
  exampleChange,
  judge,
  rulePage,
  rulesIndex,
  severityOf,
  words,
  type Example,
  type Expected,
  type Rule,
} from '../app/review/index.ts';
import { rules } from '../rules/index.ts';
import { historyDir } from './support/env.ts';

const root = join(import.meta.dirname, '..');

const place = ({ message, severity, at, symbol }: Finding) => ({
  ...{ severity, message, path: at.path, side: at.side, line: at.line, symbol },
});
const promised = (rule: Rule, find: Expected) => ({
  ...{
    severity: severityOf(rule, find.message),
    message: words(rule, find),
    path: find.path,
    side: find.side,
    line: find.line,
    symbol: find.symbol,
  },
});
const ordered = <T>(list: readonly T[]): string[] => list.map(each => JSON.stringify(each)).sort();

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const each of Object.values(value)) deepFreeze(each);
    Object.freeze(value);
  }
  return value;
}

/** The same example with 50 lines of comment above each file, before and after. */
function pushedDown(example: Example): Example {
  const above = '/* a line */\n'.repeat(50);
  const push = (text: string | undefined) => (text === undefined ? {} : { text: above + text });
  return {
    ...example,
    files: example.files.map(({ path, pre, post }) => {
      const [before, after] = [push(pre).text, push(post).text];
      return {
        path,
        ...(before === undefined ? {} : { pre: before }),
        ...(after === undefined ? {} : { post: after }),
      };
    }),
  };
}

describe('rules', () => {
  before(loadParsers);

  it('has one file and one index entry for each rule, sorted', () => {
    const files = readdirSync(join(root, 'rules')).filter(name => name !== 'index.ts');
    const names = rules.map(rule => rule.name);
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(names, files.map(name => name.replace(/\.ts$/, '')).sort());
  });

  it('has a page for each rule and no other, as the rules would write them', () => {
    const folder = join(root, 'docs/rules');
    assert.deepEqual(readdirSync(folder).sort(), [...rules.map(rule => `${rule.name}.md`), 'README.md'].sort());
    const hint = 'run npm run docs:rules';
    assert.equal(readFileSync(join(folder, 'README.md'), 'utf8'), rulesIndex(rules), hint);
    for (const rule of rules) assert.equal(readFileSync(join(folder, `${rule.name}.md`), 'utf8'), rulePage(rule), hint);
  });

  for (const rule of rules)
    describe(rule.name, () => {
      it('stands in the file of its name', async () => {
        const module = (await import(`../rules/${rule.name}.ts`)) as { default: Rule };
        assert.equal(module.default, rule);
      });

      it('has a bad example for every message, and a good one', () => {
        const fired = new Set(rule.examples.bad.flatMap(example => example.finds.map(find => find.message)));
        assert.deepEqual([...fired].sort(), Object.keys(rule.meta.messages).sort());
        assert.ok(rule.examples.good.length > 0);
      });

      it('is as severe as it says, or milder', () => {
        const { severity, milder = {}, messages } = rule.meta;
        const rank = ['info', 'warning', 'error'];
        assert.ok(Object.keys(messages).some(message => severityOf(rule, message) === severity));
        for (const [message, less] of Object.entries(milder)) {
          assert.ok(message in messages, message);
          assert.ok(rank.indexOf(less) < rank.indexOf(severity), message);
        }
      });

      it('wakes for its own examples, and reads their files', () => {
        for (const example of rule.examples.bad)
          for (const find of example.finds) assert.ok(rule.meta.reads(find.path), `${example.title}: ${find.path}`);
        // The replay looks at whole diffs before it looks at lines.
        const { wakes } = rule.meta;
        if (wakes) assert.ok(!/^\^|\$$/.test(wakes.source) && wakes.flags === '', `${wakes}`);
      });

      for (const example of rule.examples.bad) {
        it(`finds: ${example.title}`, () => {
          const found = judge(exampleChange(example), [rule]);
          assert.deepEqual(ordered(found.map(place)), ordered(example.finds.map(find => promised(rule, find))));
          for (const finding of found) assert.deepEqual([finding.rule, finding.at.patch], [rule.name, 1]);
        });

        it(`says it again of frozen input: ${example.title}`, () => {
          const change = exampleChange(example);
          const first = judge(change, [rule]);
          const { context, released, ...rest } = change;
          deepFreeze(rest);
          assert.deepEqual(judge({ ...rest, context, ...(released === undefined ? {} : { released }) }, [rule]), first);
        });

        it(`keeps its fingerprint 50 lines further down: ${example.title}`, () => {
          const before = judge(exampleChange(example), [rule]);
          const after = judge(exampleChange(pushedDown(example)), [rule]);
          const prints = (list: readonly Finding[]) => list.map(each => each.fingerprint).sort();
          assert.deepEqual(prints(after), prints(before));
          assert.equal(new Set(prints(before)).size, before.length, 'two findings share a fingerprint');
          const lines = (list: readonly Finding[], by: number) =>
            list.map(each => each.at.line + by).sort((a, b) => a - b);
          assert.deepEqual(lines(after, 0), lines(before, 50));
        });
      }

      for (const example of rule.examples.good)
        it(`is silent: ${example.title}`, () => {
          assert.deepEqual(judge(exampleChange(example), [rule]).map(place), []);
        });

      for (const seen of rule.examples.seen)
        (historyDir === undefined ? it.skip : it)(
          `fires on ${seen.commit} of rdma-core${historyDir === undefined ? ' (needs ABIDE_HISTORY, a full clone of rdma-core)' : ''}`,
          async () => {
            const gitDir = execFileSync('git', ['-C', historyDir ?? '', 'rev-parse', '--absolute-git-dir'], {
              encoding: 'utf8',
            }).trim();
            const lines: string[] = [];
            await replay({ gitDir, shas: [seen.commit], out: { write: (line: string) => lines.push(line) } });
            const { findings } = JSON.parse(lines[0] ?? '{}') as { findings: { rule: string }[] };
            assert.ok(
              findings.some(finding => finding.rule === rule.name),
              lines[0],
            );
          },
        );
    });
});
