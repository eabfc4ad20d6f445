// SPDX-License-Identifier: MIT
// `abide rules` and `abide explain RULE`.
import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { AbideError } from '../errors.ts';
import type { App } from '../main.ts';
import { rules } from '../../rules/index.ts';
import { output } from './options.ts';

export function addRules(program: Command, app: App): void {
  program
    .command('rules')
    .description('list the rules')
    .addOption(new Option('--format <format>', 'how to list').choices(['text', 'json']).default('text'))
    .action(async (options: { format: string }) => {
      await output(options.format === 'json' ? asJson() : asText(), undefined, app);
    });
  program
    .command('explain')
    .description("print one rule's page")
    .argument('<rule>', 'its name, as findings give it')
    .action(async (name: string) => {
      await output(await page(name), undefined, app);
    });
}

function asText(): string {
  const width = Math.max(...rules.map(rule => rule.name.length));
  return rules
    .map(rule => `${rule.name.padEnd(width)}  ${rule.meta.severity.padEnd(7)}  ${rule.meta.title}\n`)
    .join('');
}

function asJson(): string {
  const list = rules.map(({ name, meta }) => ({
    name,
    severity: meta.severity,
    scope: meta.scope,
    title: meta.title,
    why: meta.why,
    references: meta.references,
  }));
  return JSON.stringify({ schema: 'abide/rules@1', rules: list }, null, 2) + '\n';
}

/** Findings that no rule makes, but applying and building. */
const OTHER_FINDINGS = ['build-broken', 'build-warning', 'does-not-apply'];

/** @throws AbideError `rule-unknown` */
async function page(name: string): Promise<string> {
  const names = rules.map(rule => rule.name);
  // Only a name from a list becomes a path.
  const folder = names.includes(name) ? 'rules' : OTHER_FINDINGS.includes(name) ? 'findings' : undefined;
  if (folder) return readFile(new URL(`../../docs/${folder}/${name}.md`, import.meta.url), 'utf8');
  const near = [...names, ...OTHER_FINDINGS].filter(one => one.includes(name) || name.includes(one));
  throw new AbideError('rule-unknown', `there is no rule "${name}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'abide rules lists them',
  });
}
