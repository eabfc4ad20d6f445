// SPDX-License-Identifier: MIT
// A linear history of our own making, from the files of a real tree: many small edits, renames, copies, modes, binary
// files, odd names, authors and logs, from one seed. For tests where the real history is not at hand.
import { execFileSync } from 'node:child_process';
import type { Scratch } from './git-oracle.ts';

/** A small generator with a seed, so that a failure can be made again. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Entry {
  mode: string;
  bytes: Buffer;
}

const AUTHORS = [
  'Ada Example <ada@example.org>',
  'Jörg Üçüncü <joerg@example.org>',
  '王 小明 <wang@example.cn>',
  "O'Neil, Pat <pat@example.com>",
  'x <x@y>',
];
const FOLDERS = ['src', 'lib demo', 'größe', 'a/b/c', 'deep-er'];
const WORDS = [
  'verbs',
  'context',
  'query',
  'größer',
  'fix',
  'remove',
  'the',
  'driver',
  'ABI',
  '[tag]',
  'provider:',
  '"quoted"',
  '=?no',
  '日本',
];

/** Makes `count` commits on `main` in `scratch`, and gives their ids, oldest first, behind the root commit. */
export function makeHistory(scratch: Scratch, options: { treeDir: string; count: number; seed: number }): string[] {
  const pick = random(options.seed);
  const files = sampleTree(options.treeDir, 120);
  const stream: Buffer[] = [];
  const text = (line: string): void => void stream.push(Buffer.from(`${line}\n`));
  const data = (bytes: Buffer): void =>
    void stream.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n'));
  const write = (path: string, entry: Entry): void => {
    files.set(path, entry);
    text(`M ${entry.mode} inline ${quote(path)}`);
    data(entry.bytes);
  };
  const commit = (number: number, message: string): void => {
    const zone = ['+0000', '-0730', '+0545', '+1300'][number % 4]!;
    text('commit refs/heads/main');
    text(`author ${AUTHORS[number % AUTHORS.length]!} ${1_400_000_000 + number * 5003} ${zone}`);
    text(`committer Test <test@example.org> ${1_400_000_000 + number * 5003} +0000`);
    data(Buffer.from(message));
  };
  commit(0, 'root');
  for (const [path, entry] of files) write(path, entry);
  for (let number = 1; number <= options.count; number++) {
    commit(number, makeMessage(pick));
    // Edits may cancel each other out; a commit that changes nothing makes no mail.
    write('COUNT', { mode: '100644', bytes: Buffer.from(`${number}\n`) });
    for (let edits = 1 + pick(4); edits > 0; edits--) edit(files, pick, { write, text });
  }
  const ran = scratch.git(['fast-import', '--quiet'], { input: Buffer.concat(stream) });
  if (ran.status !== 0) throw new Error(ran.stderr);
  const log = scratch.git(['rev-list', '--reverse', 'main']).stdout.toString().trim().split('\n');
  return log.slice(1);
}

const quote = (path: string): string => `"${path.replace(/["\\]/g, '\\$&').replaceAll('\t', '\\t')}"`;

/** Text files of the tree's newest commit, every n-th of them. */
function sampleTree(treeDir: string, count: number): Map<string, Entry> {
  const git = (...args: string[]): Buffer => execFileSync('git', ['-C', treeDir, ...args], { maxBuffer: 2 ** 28 });
  const rows = git('ls-tree', '-r', '-l', 'HEAD').toString().trim().split('\n');
  const small = rows
    .map(row => /^(\d+) blob ([0-9a-f]+) +(\d+)\t(.+)$/.exec(row))
    .filter(row => row !== null && row[1] !== '120000' && Number(row[3]) < 20_000 && !row[4]!.startsWith('"'));
  const step = Math.max(1, Math.floor(small.length / count));
  const chosen = small.filter((_, index) => index % step === 0).slice(0, count);
  return new Map(chosen.map(row => [row![4]!, { mode: row![1]!, bytes: git('cat-file', 'blob', row![2]!) }]));
}

function makeMessage(pick: (below: number) => number): string {
  const words = (count: number): string => Array.from({ length: count }, () => WORDS[pick(WORDS.length)]!).join(' ');
  const subject = `demo: ${words(1 + pick(22))}`;
  const body = [
    '',
    words(12),
    '',
    `  indented ${words(4)}`,
    'From: a line of the log',
    '',
    '> quoted',
    '',
    'key: value',
  ];
  const trailers = [
    'Fixes: 0123456789ab ("demo: x")',
    'Signed-off-by: Ada Example <ada@example.org>',
    `Link: ${words(1)}`,
  ];
  return [subject, ...body.slice(0, pick(body.length)), '', ...trailers.slice(pick(3))].join('\n');
}

interface Writer {
  write(path: string, entry: Entry): void;
  text(line: string): void;
}

function edit(files: Map<string, Entry>, pick: (below: number) => number, out: Writer): void {
  const paths = [...files.keys()].filter(name => name !== 'COUNT');
  const path = paths[pick(paths.length)]!;
  const entry = files.get(path)!;
  const fresh = `${FOLDERS[pick(FOLDERS.length)]!}/${['plain', 'sp ace', 'tab\there', 'quo"te', 'ünïcode'][pick(5)]!}-${pick(1e6)}.c`;
  switch (pick(12)) {
    case 0:
      out.write(fresh, { mode: '100644', bytes: Buffer.from(pick(2) ? 'int x;\nint y;\n' : '') });
      return;
    case 1:
      out.text(`R ${quote(path)} ${quote(fresh)}`);
      files.delete(path);
      files.set(fresh, entry);
      return;
    case 2:
      out.write(fresh, { ...entry, bytes: mutate(entry.bytes, pick) });
      return;
    case 3:
      out.write(path, { ...entry, mode: entry.mode === '100644' ? '100755' : '100644' });
      return;
    case 4:
      if (files.size < 60) return;
      out.text(`D ${quote(path)}`);
      files.delete(path);
      return;
    case 5: {
      const bytes = Buffer.from(Array.from({ length: 40 + pick(400) }, () => pick(256)));
      out.write(`bin/${pick(20)}.bin`, { mode: '100644', bytes });
      return;
    }
    default:
      out.write(path, { ...entry, bytes: mutate(entry.bytes, pick) });
  }
}

/** Lines put in, taken out and changed; sometimes the last line end goes, sometimes a line gets latin-1 or a CR. */
function mutate(bytes: Buffer, pick: (below: number) => number): Buffer {
  const lines = bytes.toString('latin1').split('\n');
  for (let changes = 1 + pick(4); changes > 0; changes--) {
    const at = pick(lines.length);
    const line = [
      '\tint added;',
      'From the top',
      '-- ',
      '--- a/x',
      '+++ b/x',
      '@@ -1 +1 @@',
      'diff --git a/x b/x',
      'gr\u00fc\u00df',
      '',
      'cr\r',
    ][pick(10)]!;
    if (pick(3) === 0) lines.splice(at, 1 + pick(3));
    else lines.splice(at, pick(2), line);
  }
  if (pick(10) === 0) while (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return Buffer.from(lines.join('\n'), 'latin1');
}
