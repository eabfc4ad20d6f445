// SPDX-License-Identifier: MIT
// docs/errors.md and app/errors.ts say the same: every code has an entry, every entry a code, and the exit statuses agree.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { AbideError, ERROR_CODES, type ErrorCode } from '../app/errors.ts';

interface Entry {
  readonly code: string;
  readonly exit: number;
  readonly text: string;
}

async function documented(): Promise<Entry[]> {
  const text = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8');
  return text
    .split(/^### /m)
    .slice(1)
    .map(part => {
      const code = /^`([^`]+)`\n/.exec(part)?.[1];
      const exit = /^Exit status (\d)\. /m.exec(part)?.[1];
      assert.ok(code, `an entry of docs/errors.md has no code: ${part.slice(0, 40)}`);
      assert.ok(exit, `docs/errors.md does not say the exit status of ${code}`);
      return { code, exit: Number(exit), text: part };
    });
}

describe('docs/errors.md', () => {
  it('has one entry for every code, and no other', async () => {
    const codes = (await documented()).map(entry => entry.code);
    assert.deepEqual(codes.toSorted(), Object.keys(ERROR_CODES).toSorted());
  });

  it('gives the exit status that the command ends with', async () => {
    for (const { code, exit } of await documented()) {
      assert.equal(exit, new AbideError(code as ErrorCode, 'x').exitStatus, code);
    }
  });

  it('says what to do', async () => {
    for (const { code, text } of await documented()) assert.match(text, /^What to do: \S/m, code);
  });
});
