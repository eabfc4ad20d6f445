// SPDX-License-Identifier: MIT
// Writes docs/rules from the rules: one page each and the list. Removes pages of rules that are gone.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rulePage, rulesIndex } from '../app/review/index.ts';
import { rules } from '../rules/index.ts';

const folder = join(import.meta.dirname, '../docs/rules');
mkdirSync(folder, { recursive: true });
const pages = new Map(rules.map(rule => [`${rule.name}.md`, rulePage(rule)]));
pages.set('README.md', rulesIndex(rules));
for (const name of readdirSync(folder)) if (!pages.has(name)) rmSync(join(folder, name));
for (const [name, text] of pages) writeFileSync(join(folder, name), text);
console.log(`docs/rules: ${pages.size - 1} rules`);
