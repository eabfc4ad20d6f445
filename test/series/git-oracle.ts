// SPDX-License-Identifier: MIT
// What git itself says of a mail and of a patch, and the comparison with what app/series says. For tests alone.
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileDiff, Patch } from '../../app/model/index.ts';
import type { Proposal } from '../../app/series/parse.ts';

const ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
};

export interface GitResult {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/** A folder of our own that is a repository, removed at the end. */
export class Scratch implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'abide-series-'));

  constructor() {
    assert.equal(this.git(['init', '-q', '-b', 'main']).status, 0);
  }

  git(args: readonly string[], options: { input?: Uint8Array; env?: Record<string, string> } = {}): GitResult {
    const ran = spawnSync('git', args, {
      cwd: this.dir,
      env: { ...ENV, ...options.env },
      maxBuffer: 1024 * 1024 * 1024,
      ...(options.input && { input: options.input }),
    });
    if (ran.error) throw ran.error;
    return { status: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr.toString() };
  }

  read(name: string): Buffer {
    return readFileSync(join(this.dir, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The mails of an mbox as `git am` sees them. CR stays where the mails' own lines end in LF alone. */
export function mailsplit(scratch: Scratch, bytes: Uint8Array, mboxrd = false): Buffer[] {
  const name = `split-${String(Math.random()).slice(2)}`;
  spawnSync('mkdir', [join(scratch.dir, name)]);
  writeFileSync(join(scratch.dir, `${name}.mbox`), bytes);
  const args = [
    'mailsplit',
    '-b',
    ...(mboxrd ? ['--mboxrd'] : []),
    ...(isCrlf(bytes) ? [] : ['--keep-cr']),
    `-o${name}`,
    '--',
    `${name}.mbox`,
  ];
  const ran = scratch.git(args);
  assert.equal(ran.status, 0, ran.stderr);
  const names = readdirSync(join(scratch.dir, name)).sort();
  return names.map(file => scratch.read(join(name, file)));
}

const isCrlf = (bytes: Uint8Array): boolean => bytes[bytes.indexOf(0x0a) - 1] === 0x0d;

export interface MailInfo {
  subject: string;
  author: string;
  email: string;
  date: string;
  log: Buffer;
  patch: Buffer;
}

/** Undefined where git refuses the mail. */
export function mailinfo(scratch: Scratch, mail: Uint8Array, keepCr = false): MailInfo | undefined {
  const quotedCr = `--quoted-cr=${keepCr ? 'nowarn' : 'strip'}`;
  const ran = scratch.git(['mailinfo', '--scissors', quotedCr, 'log', 'patch'], { input: mail });
  if (ran.status !== 0) return undefined;
  const info = textOf(ran.stdout);
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1] ?? '';
  return {
    subject: field('Subject'),
    author: field('Author'),
    email: field('Email'),
    date: field('Date'),
    log: scratch.read('log'),
    patch: scratch.read('patch'),
  };
}

/** git hands undeclared bytes through; we make them text. */
export function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : new TextDecoder('windows-1252').decode(bytes);
}

/** Where in git's patch the first file starts. */
export function diffOf(patch: Buffer): Buffer {
  const text = patch.toString('latin1');
  const starts = [
    /^diff --git .*\n(?:---|index|old mode|new|deleted|similarity|dissimilarity|rename|copy)/m,
    /^--- .*\n\+\+\+ .*\n@@ -/m,
  ];
  const found = starts.map(start => start.exec(text)?.index ?? Infinity);
  const at = Math.min(...found);
  return at === Infinity ? Buffer.alloc(0) : patch.subarray(at);
}

/** Subject, author, date and log; and the diff unless `diff` says otherwise. */
export function assertLikeMailinfo(ours: Proposal | Patch, git: MailInfo): void {
  assert.equal(ours.subject, git.subject, 'subject');
  assert.equal(ours.author.name, git.author, 'author');
  assert.equal(ours.author.address, git.email, 'email');
  assert.equal(ours.log, textOf(git.log), 'log');
  if (git.date === '') assert.equal(ours.date, undefined, 'date');
  else assertSameDate(ours.date, git.date);
}

/** The same instant and the same offset. */
function assertSameDate(ours: string | undefined, git: string): void {
  assert.ok(ours !== undefined, `date ${git}`);
  assert.equal(Date.parse(ours), Date.parse(git), `date ${git}`);
  const offset = /([+-]\d{2})(\d{2})\s*(?:\(.*\))?$/.exec(git);
  if (offset) assert.equal(ours.slice(-6), `${offset[1]!}:${offset[2]!}`, 'offset');
}

/** Files, counts, modes and renames as `git apply --numstat -z --summary` has them. */
export function assertLikeApply(scratch: Scratch, files: readonly FileDiff[], patch: Uint8Array): void {
  const ran = scratch.git(['apply', '--numstat', '-z', '--summary'], { input: patch });
  assert.equal(ran.status, 0, ran.stderr);
  const rows = ran.stdout.toString().split('\0');
  const summary = rows.pop() ?? '';
  const counts = files.map(file => `${file.binary ? '-\t-' : `${file.additions}\t${file.deletions}`}\t${file.path}`);
  assert.deepEqual(counts, rows);
  const theirs = summary.split('\n').filter(line => line !== '' && !line.startsWith(' rewrite '));
  assert.deepEqual(files.flatMap(summaryOf), theirs);
}

/** One file as git's show_file_list and show_rename_copy word it. */
function summaryOf(file: FileDiff): string[] {
  const lines: string[] = [];
  const mode = (value: string | undefined): string => (value === undefined ? '' : `mode ${value} `);
  const name = file.path;
  if (file.change === 'add') return [` create ${mode(file.newMode)}${name}`];
  if (file.change === 'delete') return [` delete ${mode(file.oldMode)}${name}`];
  const moved = file.oldPath !== undefined;
  if (moved) lines.push(` ${file.change} ${movedName(file.oldPath!, file.path)} (${file.similarity}%)`);
  if (file.oldMode && file.newMode && file.oldMode !== file.newMode) {
    lines.push(` mode change ${file.oldMode} => ${file.newMode}${moved ? '' : ` ${name}`}`);
  }
  return lines;
}

/** `dir/{old => new}`: the common leading folders once (show_rename_copy takes no common tail). */
function movedName(from: string, to: string): string {
  let shared = 0;
  for (let slash = from.indexOf('/'); slash >= 0; slash = from.indexOf('/', slash + 1)) {
    if (to.startsWith(from.slice(0, slash + 1))) shared = slash + 1;
  }
  return shared === 0 ? `${from} => ${to}` : `${from.slice(0, shared)}{${from.slice(shared)} => ${to.slice(shared)}}`;
}
