// SPDX-License-Identifier: MIT
// Shows what takes longer than two seconds: one line rewritten where stderr is a terminal, plain lines where it is not. Decides nothing.
const PATIENCE_MS = 2000;
/** A plain line is said again when nothing else was: a log must show that something still goes on. */
const REPEAT_MS = 20_000;

export interface Progress {
  /** What is going on now. */
  say(line: string): void;
  /** Clears the line. */
  end(): void;
}

export function showProgress(stream: { isTTY?: boolean; write(text: string): unknown }, now = Date.now): Progress {
  const started = now();
  let last = started;
  let current: string | undefined;
  let drawn = false;
  let shown: string | undefined;
  const draw = (): void => {
    if (current === undefined || now() - started < PATIENCE_MS) return;
    const seconds = `${String(Math.round((now() - started) / 1000))} s`;
    stream.write(stream.isTTY === true ? `\r\u001b[K${current} (${seconds})` : `${current} (${seconds})\n`);
    drawn = true;
    last = now();
    shown = current;
  };
  const timer = setInterval(() => {
    if (stream.isTTY === true || now() - last >= (current === shown ? REPEAT_MS : PATIENCE_MS)) draw();
  }, 500);
  timer.unref();
  return {
    say(line) {
      current = line;
    },
    end() {
      clearInterval(timer);
      if (drawn && stream.isTTY === true) stream.write('\r\u001b[K');
    },
  };
}
