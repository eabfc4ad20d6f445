// SPDX-License-Identifier: MIT
// A rule's page, in Markdown, made of the rule alone: docs/rules holds it, `abide explain` shows it. Pure.
import type { DiffLine } from '../model/series.ts';
import { diffTexts } from './diff.ts';
import { severityOf, words } from './judge.ts';
import type { Example, Expected, Rule } from './rule.ts';

const SIGNS: Record<DiffLine['kind'], string> = { context: ' ', add: '+', del: '-' };

export function rulePage(rule: Rule): string {
  const { meta, examples } = rule;
  const scope = meta.scope === 'series' ? 'the whole series against its base' : 'each patch by itself';
  return [
    `# ${rule.name}`,
    `${meta.title}.`,
    `Severity ${meta.severity}; judges ${scope}; reads ${meta.readsText}.`,
    '## Why',
    meta.why,
    '## What to do',
    meta.fix,
    '## Where this comes from',
    meta.references.map(each => `- ${each.commit ?? each.document ?? ''}: ${each.says}`).join('\n'),
    '## What it reports',
    ...examples.bad.map(example => shown(example, example.finds, rule)),
    '## What it leaves alone',
    ...examples.good.map(example => shown(example, [], rule)),
    ...(examples.seen.length === 0
      ? []
      : ['## Seen in rdma-core', examples.seen.map(each => `- ${each.commit}: ${each.says}`).join('\n')]),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function shown(example: Example, finds: readonly Expected[], rule: Rule): string {
  const title = example.title.charAt(0).toUpperCase() + example.title.slice(1);
  const parts = [`### ${title}`];
  for (const { path, pre, post } of example.files) {
    const hunks = diffTexts(path, pre, post).hunks.map(hunk => [
      `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
      ...hunk.lines.map(line => SIGNS[line.kind] + line.text),
    ]);
    parts.push(['```diff', `--- ${path}`, ...hunks.flat(), '```'].join('\n'));
  }
  if (example.released !== undefined) parts.push(`The newest release is ${example.released.tag}, which lacks it.`);
  for (const find of finds) {
    const severity = severityOf(rule, find.message);
    const milder = severity === rule.meta.severity ? '' : `${severity}: `;
    parts.push(`> ${find.path}:${find.line}${find.side === 'pre' ? ' (before)' : ''}: ${milder}${words(rule, find)}`);
  }
  return parts.join('\n\n');
}

/** The page that lists all rules. */
export function rulesIndex(rules: readonly Rule[]): string {
  const rows = rules.map(rule => `| [${rule.name}](${rule.name}.md) | ${rule.meta.severity} | ${rule.meta.title} |`);
  return [
    '# Rules',
    '',
    'Made by `npm run docs:rules`; one file in rules/ each.',
    '',
    '| rule | severity | what |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
