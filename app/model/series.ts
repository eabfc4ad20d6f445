// SPDX-License-Identifier: MIT
// A patch series and its diffs: the nouns between `series/` and everything behind it.
import type { Mail, Person, QuotedHunk, QuotedLine, Trailer } from './mail.ts';

export type FileMode = '100644' | '100755' | '120000' | '160000';
export type FileChange = 'modify' | 'add' | 'delete' | 'rename' | 'copy';

/** One line of a hunk. `old` and `new` are 1-based line numbers on that side, undefined where the line is not on it. */
export interface DiffLine {
  readonly kind: 'context' | 'add' | 'del';
  /** Without the leading ` `, `+` or `-`, without the line end. */
  readonly text: string;
  readonly old?: number;
  readonly new?: number;
  /** True where "\ No newline at end of file" follows. */
  readonly noNewline?: boolean;
}

export interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** The function context behind the second `@@`. */
  readonly section: string;
  readonly lines: readonly DiffLine[];
}

/** One file of a patch. Paths are relative to the tree's root, unquoted, without `a/` or `b/`. */
export interface FileDiff {
  /** The path after the patch; for a deleted file, the path it had. */
  readonly path: string;
  /** The path before, where it differs (rename, copy). */
  readonly oldPath?: string;
  readonly change: FileChange;
  readonly oldMode?: FileMode;
  readonly newMode?: FileMode;
  /** Percent, for renames and copies. */
  readonly similarity?: number;
  readonly binary: boolean;
  /** Abbreviated blob ids of the `index` line; undefined where there is none, all zeros for /dev/null. */
  readonly preBlob?: string;
  readonly postBlob?: string;
  readonly additions: number;
  readonly deletions: number;
  readonly hunks: readonly Hunk[];
}

export interface Patch {
  /** 1-based place in the series. */
  readonly index: number;
  readonly total: number;
  readonly messageId: string;
  /** The commit's subject: the mail's subject without prefixes. */
  readonly subject: string;
  readonly author: Person;
  readonly date: string | undefined;
  /** The commit's message below the subject, as `git mailinfo` would give it. */
  readonly log: string;
  /** Of the log, then those given in replies. */
  readonly trailers: readonly Trailer[];
  readonly files: readonly FileDiff[];
  /** The diff's text as in the mail, from the first `diff --git` (or `---`) on. */
  readonly diff: string;
  /** A mail that `git am` takes: From, Date, Subject, log, diff; the only form in which a patch is applied. */
  readonly mbox: Uint8Array;
  /** The same from the part before format=flowed was undone, where that differs. */
  readonly rawMbox?: Uint8Array;
  readonly mail: Mail;
}

/** What a series' mails say of the tree they were made for. */
export interface BaseHint {
  readonly baseCommit?: string;
  readonly changeId?: string;
  readonly prerequisitePatchIds: readonly string[];
  /** The newest date in the series: the branch at that date is a rung of the ladder. */
  readonly date?: string;
}

/** A mail of the thread that is no patch. */
export interface Reply {
  readonly mail: Mail;
  readonly lines: readonly QuotedLine[];
  readonly hunks: readonly QuotedHunk[];
  readonly trailers: readonly Trailer[];
}

export type SeriesState = 'complete' | 'waiting' | 'corrupted';

export interface Series {
  /** Stable over re-reading: the cover's or first patch's Message-ID; for a revision range its commits' hash. */
  readonly id: string;
  readonly revision: number;
  readonly title: string;
  /** Every prefix but the counter and the revision, as written: `PATCH`, `RFC`, `rdma-core`. */
  readonly prefixes: readonly string[];
  readonly cover?: Mail;
  readonly patches: readonly Patch[];
  readonly replies: readonly Reply[];
  readonly base: BaseHint;
  readonly state: SeriesState;
  /** Why the state is not `complete`, as a sentence for the author. */
  readonly problem?: string;
}
