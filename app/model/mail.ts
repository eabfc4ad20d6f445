// SPDX-License-Identifier: MIT
// What arrives: raw mails and what one mail says. Nothing here reads, parses or decides.

/** One mail as its source gave it. Bytes, so that the charset is decided once, by `series/`. */
export interface RawMail {
  /** Where it came from, for messages to a person: `series.mbox`, `maildir/cur/17…`, `-`. */
  readonly source: string;
  /** The place inside the source: an offset, a file name, an article number. */
  readonly cursor: string;
  readonly bytes: Uint8Array;
}

export interface Person {
  readonly name: string;
  readonly address: string;
}

/** A mail, decoded. `body` has LF line ends; nothing of the text is dropped. */
export interface Mail {
  /** Without angle brackets. Made from the bytes' SHA-256 where the mail has none. */
  readonly messageId: string;
  readonly from: Person;
  /** ISO 8601 with the sender's offset, or undefined where there is no readable Date. */
  readonly date: string | undefined;
  /** Unfolded and decoded, prefixes (`[PATCH 1/3]`, `Re:`) still there. */
  readonly subject: string;
  readonly inReplyTo: string | undefined;
  /** Oldest first, without angle brackets. */
  readonly references: readonly string[];
  readonly body: string;
  /** The text part before format=flowed was undone, where that changed it: tried when `body` does not apply. */
  readonly rawBody?: string;
  readonly origin: { readonly source: string; readonly cursor: string };
}

export interface Trailer {
  readonly key: string;
  readonly value: string;
}

/** A line of a mail that is quoted (`> `), with its depth; depth 0 is the sender's own text. */
export interface QuotedLine {
  readonly depth: number;
  readonly text: string;
}

/** A hunk that somebody quotes or pastes in a reply: never a patch, but tied to what it talks about. */
export interface QuotedHunk {
  readonly depth: number;
  readonly lines: readonly string[];
  /** The struct, union, enum or function that the hunk's text names, if any: `verbs_context`. */
  readonly symbol?: string;
}
