// SPDX-License-Identifier: MIT
// `npm run new:rule NAME`: a rule's file with one example that fails until the rule is written, and its entry in rules/index.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [name = '', folder = join(import.meta.dirname, '../rules')] = process.argv.slice(2);
const rules = resolve(folder);
const file = join(rules, `${name}.ts`);
const index = join(rules, 'index.ts');

if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(name))
  fail('give the rule a name of words in lower case, as in: npm run new:rule enum-value-shift');
if (existsSync(file)) fail(`rules/${name}.ts is there already`);

writeFileSync(file, template(name));
writeFileSync(index, withEntry(readFileSync(index, 'utf8'), name));
console.log(
  `rules/${name}.ts and its entry in rules/index.ts are there. Its example fails until the rule is written: node_modules/.bin/node node_modules/.bin/node node_modules/.bin/mocha test/rules.test.ts --grep ${name}`,
);
console.log('Then write its page: npm run docs:rules');

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** The import and the list entry, each in its place by name. */
function withEntry(text: string, rule: string): string {
  const camel = rule.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const lines = text.split('\n');
  insert(lines, line => /^import \w+ from '\.\/(.*)\.ts';$/.exec(line)?.[1], `import ${camel} from './${rule}.ts';`);
  const start = lines.findIndex(line => line.includes('rules: readonly Rule[] = ['));
  const toName = (line: string): string | undefined =>
    /^ {2}(\w+),$/.exec(line)?.[1]?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  insert(lines, (line, at) => (at > start ? toName(line) : undefined), `  ${camel},`);
  return lines.join('\n');

  function insert(into: string[], nameOf: (line: string, at: number) => string | undefined, entry: string): void {
    let after = -1;
    let first = -1;
    into.forEach((line, at) => {
      const other = nameOf(line, at);
      if (other === undefined) return;
      if (first === -1) first = at;
      if (other < rule) after = at;
    });
    if (first === -1) fail('rules/index.ts has no entry to put this one beside');
    into.splice(after === -1 ? first : after + 1, 0, entry);
  }
}

function template(rule: string): string {
  return `// SPDX-License-Identifier: MIT
// What it finds, in one line.
import { isVerbsHeader, unit } from '../app/abi/index.ts';
import { defineRule } from '../app/review/index.ts';

export default defineRule({
  name: '${rule}',
  meta: {
    severity: 'warning',
    scope: 'series',
    reads: isVerbsHeader,
    readsText: "libibverbs' verbs.h",
    title: 'What is wrong, as a headline',
    why: 'Why a maintainer cares.',
    fix: 'What the author does about it.',
    references: [{ document: 'Documentation/contributing.md', says: 'what it says about this' }],
    messages: {
      found: '\`{name}\` is wrong, because (with a citation). Do this instead.',
    },
  },
  examples: {
    bad: [
      {
        title: 'the mistake',
        files: [{ path: 'libibverbs/verbs.h', pre: 'struct ibv_a {\\n\\tint x;\\n};\\n', post: 'struct ibv_a {\\n\\tint y;\\n};\\n' }],
        finds: [{ message: 'found', path: 'libibverbs/verbs.h', side: 'post', line: 2, symbol: 'ibv_a.y', data: { name: 'y' } }],
      },
    ],
    good: [
      {
        title: 'the near miss that must stay silent',
        files: [{ path: 'libibverbs/verbs.h', pre: 'struct ibv_a {\\n\\tint x;\\n};\\n', post: 'struct ibv_a {\\n\\tint   x; /* still */\\n};\\n' }],
      },
    ],
    seen: [],
  },
  check: (view, report) => {
    for (const file of view.files) {
      const [pre, post] = [unit(file.pre), unit(file.post)];
      // Compare facts, not lines: pre.struct('…'), post.func('…'), compareStructs(), freshFunctions().
      void [pre, post, report];
    }
  },
});
`;
}
