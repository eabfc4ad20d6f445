// SPDX-License-Identifier: MIT
// One report with everything in it that a reporter must show, hostile text included.
import type { Mail, Patch, Report, Series } from '../../app/model/index.ts';

const mail: Mail = {
  messageId: 'cover@example.org',
  from: { name: 'Ada Ørsted', address: 'ada@example.org' },
  date: '2026-11-20T10:00:00+01:00',
  subject: '[PATCH v2 0/2] verbs: add a \x1b[31mred\x1b[0m counter @everyone',
  inReplyTo: undefined,
  references: ['v1@example.org'],
  body: '',
  origin: { source: 'series.mbox', cursor: '0' },
};

const patch = (index: number, subject: string): Patch => ({
  index,
  total: 2,
  messageId: `p${index}@example.org`,
  subject,
  author: mail.from,
  date: mail.date,
  log: '',
  trailers: [],
  files: [{ path: 'libibverbs/verbs.h', change: 'modify', binary: false, additions: 2, deletions: 0, hunks: [] }],
  diff: '',
  mbox: new Uint8Array(),
  mail,
});

const series: Series = {
  id: 'cover@example.org',
  revision: 2,
  title: 'verbs: add a \x1b[31mred\x1b[0m counter @everyone',
  prefixes: ['PATCH'],
  cover: mail,
  patches: [patch(1, 'verbs: add the slot'), patch(2, 'rxe: use it')],
  replies: [],
  base: { prerequisitePatchIds: [] },
  state: 'complete',
};

const base = { name: 'native-check', outcome: 'pass', seconds: 2.5, log: '', cases: [{ name: 'odp_rc_write', outcome: 'pass' }, { name: 'odp_implicit', outcome: 'skip', reason: 'device does not report it' }] } as const; // prettier-ignore
const patched = { name: 'native-check', outcome: 'fail', seconds: 2.75, log: 'not ok 1 odp_rc_write', reason: '1 of 2 failed', cases: [{ name: 'odp_rc_write', outcome: 'fail', reason: 'byte 4096 is 0x00, 0xa5 was written </details>' }, { name: 'odp_implicit', outcome: 'skip', reason: 'device does not report it' }] } as const; // prettier-ignore
const built = { name: 'build 1/2', outcome: 'pass', seconds: 3, cases: [], log: '' } as const;

export const failing: Report = {
  verdict: 'fail',
  because: '1 finding of severity error; 1 test that passes on base and not with the series',
  series,
  base: { commit: '0123456789abcdef0123456789abcdef01234567', how: 'the pre-images of the series' },
  checks: ['rules', 'build', 'odp'],
  findings: [
    {
      rule: 'vctx-drv-lib-pair',
      severity: 'error',
      message:
        'struct verbs_context gets two slots for one verb, drv_read_counter and lib_read_counter. One slot a verb was agreed (501b53b30).\nKeep one slot; what the library must wrap goes behind priv.',
      at: { patch: 1, path: 'libibverbs/verbs.h', side: 'post', line: 2011, endLine: 2012 },
      symbol: 'verbs_context.read_counter',
      fingerprint: '00112233445566aa',
      witness: 'int (*drv_read_counter)(struct ibv_qp *qp);\nint (*lib_read_counter)(struct ibv_qp *qp);',
    },
  ],
  runs: [
    { target: 'base', kernel: '7.3.1-amd64', accel: 'tcg', steps: [base] },
    { target: 'patched', kernel: '7.3.1-amd64', accel: 'tcg', steps: [built, patched] },
  ],
  ledger: [{ step: 'native-check', case: 'odp_rc_write', base: 'pass', patched: 'fail', kind: 'broken', reason: 'byte 4096 is 0x00, 0xa5 was written </details>' }], // prettier-ignore
  notices: [{ code: 'older-revisions', message: 'reviewed is v2; also in the input: v1' }],
};
