// SPDX-License-Identifier: MIT
// A body to the commit's log and the place where the patch starts: git's handle_commit_msg, quirk by quirk, with scissors.

export interface LogRead {
  /** As `git mailinfo --scissors` writes it. */
  log: string;
  /** Fields at the head of the body (`From: …` in a forwarded patch), by lower-case name, decoded by the caller. */
  inBody: ReadonlyMap<string, string>;
  /** Offset in the text of the line that starts the patch (`---`, `diff -`, `Index: `); -1 where there is none. */
  patchAt: number;
  scissors: boolean;
}

const IN_BODY = /^(From|Subject|Date):/i;

/** "diff -", "Index: ", "--- <file>" or "---" alone. */
function isPatchBreak(line: string): boolean {
  if (line.startsWith('diff -') || line.startsWith('Index: ')) return true;
  return line.startsWith('---') && (/^--- [^ \t\r\n]/.test(line) || /^---[ \t\r]*$/.test(line));
}

/** git's is_scissors_line: a perforation of dashes and scissors that makes up more than a third of the line. */
function isScissors(line: string): boolean {
  if (line.length > 10_000 || !/>8|8<|>%|%</.test(line)) return false;
  let [scissors, gap, perforation, inside] = [0, 0, 0, false];
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (/[ \t\r\n]/.test(char)) {
      if (inside) {
        perforation++;
        gap++;
      }
    } else if (char === '-') {
      inside = true;
      perforation++;
    } else if (/^(?:>8|8<|>%|%<)/.test(line.slice(at, at + 2))) {
      inside = true;
      perforation += 2;
      scissors += 2;
      at++;
    } else {
      inside = false;
    }
  }
  const visible = line.trim().length;
  return scissors > 0 && visible >= 8 && visible < perforation * 3 && gap * 2 < perforation;
}

const SEPARATOR = /^>From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$/;

/** Lines at the head of a body that are header and not log. */
class Head {
  readonly fields = new Map<string, string>();
  private pending = '';

  flush(): void {
    const field = IN_BODY.exec(this.pending);
    if (field) this.fields.set(field[1]!.toLowerCase(), this.pending.slice(field[0].length).trim());
    this.pending = '';
  }

  get isPending(): boolean {
    return this.pending !== '';
  }

  /** Whether the line belongs to the head (check_inbody_header). */
  take(line: string): boolean {
    if (this.pending && /^[ \t]/.test(line)) {
      if (isScissors(line)) {
        this.flush();
        return false;
      }
      this.pending += line;
      return true;
    }
    this.flush();
    if (/^>From[ \t\r\n]/.test(line)) return SEPARATOR.test(line);
    if (/^\[PATCH\](?:[ \t\r]|$)/.test(line)) {
      this.fields.set('subject', line);
      return true;
    }
    const field = IN_BODY.exec(line);
    if (!field || this.fields.has(field[1]!.toLowerCase())) return false;
    this.pending = line;
    return true;
  }
}

export function readLog(text: string): LogRead {
  let head = new Head();
  let inHead = true;
  let scissors = false;
  let logAt = 0;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, newline < 0 ? text.length : newline);
    if (inHead && line === '' && newline >= 0) {
      if (head.isPending) {
        head.flush();
        inHead = false;
      }
      logAt = next;
    } else if (inHead && (inHead = head.take(line))) {
      logAt = next;
    } else if (isScissors(line)) {
      head = new Head();
      [inHead, scissors, logAt] = [true, true, next];
    } else if (isPatchBreak(line) && next - at >= 4) {
      return { log: text.slice(logAt, at), inBody: head.fields, patchAt: at, scissors };
    }
    at = next;
  }
  head.flush();
  return { log: text.slice(logAt), inBody: head.fields, patchAt: -1, scissors };
}
