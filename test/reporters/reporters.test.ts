// SPDX-License-Identifier: MIT
// Each reporter against its golden, and what holds of all of them. ABIDE_UPDATE_GOLDENS=1 rewrites the goldens; read them after it.
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import PostalMime from 'postal-mime';
import { reporters } from '../../app/reporters/index.ts';
import { updateGoldens } from '../support/env.ts';
import { failing } from './sample.ts';

const folder = new URL('../fixtures/reports/', import.meta.url);
const names = Object.keys(reporters);
const render = (name: string): string => reporters[name]!(failing, { color: false });

describe('reporters', () => {
  for (const name of names) {
    it(`${name} is its golden`, async () => {
      const golden = new URL(`failing.${name}.txt`, folder);
      if (updateGoldens) await writeFile(golden, render(name));
      assert.equal(render(name), await readFile(golden, 'utf8'));
    });
    it(`${name} lets no control character through`, () => {
      assert.doesNotMatch(render(name), /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    });
  }
  it('leaves no golden unused', async () => {
    assert.deepEqual((await readdir(folder)).sort(), names.map(name => `failing.${name}.txt`).sort());
  });
  it('mail is a mail, threaded below the cover letter, the same each time', async () => {
    const mail = await PostalMime.parse(render('mail'));
    assert.equal(mail.inReplyTo, '<cover@example.org>');
    assert.equal(mail.references, '<v1@example.org> <cover@example.org>');
    assert.equal(mail.to?.[0]?.address, 'ada@example.org');
    assert.equal(mail.to?.[0]?.name, 'Ada Ørsted');
    assert.match(mail.subject ?? '', /^Re: \[PATCH v2 0\/2\] verbs: add a /);
    assert.equal(mail.messageId, (await PostalMime.parse(render('mail'))).messageId);
  });
  it('json keeps the promised keys', () => {
    type Keys = Record<string, unknown>;
    const object = JSON.parse(render('json')) as Keys & {
      findings: Keys[];
      runs: (Keys & { steps: Keys[] })[];
      series: Keys & { patches: Keys[] };
    };
    assert.equal(object['schema'], 'abide/report@1');
    for (const key of ['verdict', 'series', 'base', 'findings', 'runs', 'matrix']) assert.ok(key in object, key);
    const { findings, runs, series } = object;
    const [finding, run, patch] = [findings[0]!, runs[0]!, series.patches[0]!];
    assert.deepEqual(Object.keys(series), ['id', 'title', 'revision', 'patches', 'state', 'problem']);
    assert.deepEqual(Object.keys(patch), ['index', 'total', 'messageId', 'subject', 'files']);
    for (const key of ['rule', 'severity', 'message', 'patch', 'path', 'side', 'line', 'symbol', 'fingerprint', 'fix'])
      assert.ok(key in finding, key);
    for (const key of ['target', 'kernel', 'accel', 'steps']) assert.ok(key in run, key);
    for (const key of ['name', 'outcome', 'seconds', 'cases']) assert.ok(key in run.steps[0]!, key);
  });
  it('b4 uses the three words that b4 knows', () => {
    const rows = JSON.parse(render('b4')) as { tool: string; status: string }[];
    assert.deepEqual(rows.map(row => [row.tool, row.status]), [['abide', 'fail'], ['abide rules', 'fail'], ['abide build', 'pass'], ['abide odp', 'fail']]); // prettier-ignore
  });
});
