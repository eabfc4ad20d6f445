// SPDX-License-Identifier: MIT
// Each reporter against its golden, and what holds of all of them. ABIDE_UPDATE_GOLDENS=1 rewrites the goldens; read them after it.
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import PostalMime from 'postal-mime';
import { reporters } from '../../app/reporters/index.ts';
import { summarise } from '../../app/reporters/summary.ts';
import { updateGoldens } from '../support/env.ts';
import { failing } from './sample.ts';

interface SarifLog {
  runs: { results: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[];
}

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
  it('no reporter says that rules passed which did not run', () => {
    const waiting = { ...failing, findings: [], runs: [], ledger: [], series: { ...failing.series, state: 'waiting' } } as const; // prettier-ignore
    const blind = { ...failing, findings: [], notices: [{ code: 'rules-not-run', message: 'why' }] };
    for (const report of [waiting, blind]) {
      const [rules] = summarise(report);
      assert.deepEqual([rules?.check, rules?.outcome], ['rules', 'skip']);
    }
  });
  it('says why nothing was applied', () => {
    const step = { name: 'apply', outcome: 'skip', seconds: 1, log: '', cases: [], reason: 'the base has it' } as const;
    const [row] = summarise({ ...failing, checks: ['apply'], runs: [{ ...failing.runs[1]!, steps: [step] }] });
    assert.deepEqual(row, { check: 'apply', outcome: 'skip', detail: 'the base has it' });
  });
  it('sarif names a file with a URI that is that file', () => {
    const at = { ...failing.findings[0]!.at, path: 'a b#c?d%41/\ud800.c' };
    const log = JSON.parse(
      reporters['sarif']!({ ...failing, findings: [{ ...failing.findings[0]!, at }] }, { color: false }),
    ) as SarifLog;
    const { uri } = log.runs[0]!.results[0]!.locations[0]!.physicalLocation.artifactLocation;
    assert.equal(decodeURIComponent(new URL(uri, 'file:///').pathname), '/a b#c?d%41/\ufffd.c');
  });
  it('mail and markdown stay well-formed for a patch with neither subject nor author nor base', () => {
    const nobody = { name: '', address: '' };
    const { cover: _, ...series } = { ...failing.series, title: '' };
    const patches = series.patches.map(one => ({ ...one, author: nobody, mail: { ...one.mail, from: nobody } }));
    const bare = { ...failing, series: { ...series, patches }, base: { commit: '', how: 'not looked for' } };
    assert.doesNotMatch(reporters['mail']!(bare, { color: false }), /^To:/m);
    assert.match(
      reporters['markdown']!(bare, { color: false }),
      /^\*\*\(no subject\)\*\* \(revision 2\), base: not looked for$/m,
    );
  });
  it('b4 uses the three words that b4 knows', () => {
    const rows = JSON.parse(render('b4')) as { tool: string; status: string }[];
    assert.deepEqual(rows.map(row => [row.tool, row.status]), [['abide', 'fail'], ['abide rules', 'fail'], ['abide build', 'pass'], ['abide odp', 'fail']]); // prettier-ignore
  });
});
