// SPDX-License-Identifier: MIT
// What a stranger's program printed, bounded and without the colours it was printed in. Which characters are harmful is said in
// model/harmless.ts alone. It does not escape Markdown or HTML: reporters do.
import { forTerminal } from '../model/harmless.ts';

/** Characters kept by default: enough for a compiler's last words, small enough to store a thousand. */
export const LOG_TAIL = 64 * 1024;

// ECMA-48: CSI …, OSC/DCS/SOS/PM/APC … up to BEL or ST (also unterminated, up to the line's end), then any other two-byte escape.
const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/**
 * The tail of `text`: ANSI sequences go without a trace, carriage returns end a line, all else is as `forTerminal` has it.
 * Keeps at most `limit` UTF-16 units; what was cut from the front is replaced by one line that says so.
 */
export function sanitise(text: string, limit: number = LOG_TAIL): string {
  // Cut first, so that a gigabyte of noise costs no regex; twice the limit, as escapes still go.
  const tail = text.length > 2 * limit ? text.slice(-2 * limit) : text;
  const clean = forTerminal(tail.replace(/\r\n?/g, '\n').replace(ESCAPES, ''));
  if (tail.length === text.length && clean.length <= limit) return clean;
  const kept = clean.slice(-limit).replace(/^\p{Cs}/u, '');
  const line = kept.indexOf('\n');
  // Start at a whole line where one is near.
  const whole = line >= 0 && line < limit / 4 ? kept.slice(line + 1) : kept;
  return `… (the beginning was cut)\n${whole}`;
}
