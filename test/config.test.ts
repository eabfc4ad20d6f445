// SPDX-License-Identifier: MIT
// Settings: defaults, precedence, and a clear word for what is wrong.
import assert from 'node:assert/strict';
import { readConfig } from '../app/config.ts';
import { AbideError } from '../app/errors.ts';

const read = (env: Record<string, string>) => readConfig({ HOME: '/home/u', ...env }, { stdoutIsTty: false });

describe('config', () => {
  it('has a default for everything', () => {
    const config = read({});
    assert.equal(config.cache, '/home/u/.cache/abide');
    assert.equal(config.tree, undefined);
    assert.equal(config.accel, 'auto');
  });
  it('takes ABIDE_CACHE over XDG_CACHE_HOME, and ignores a relative one as the specification says', () => {
    assert.equal(read({ XDG_CACHE_HOME: '/x' }).cache, '/x/abide');
    assert.equal(read({ XDG_CACHE_HOME: 'x' }).cache, '/home/u/.cache/abide');
    assert.equal(read({ XDG_CACHE_HOME: '/x', ABIDE_CACHE: '/c' }).cache, '/c');
  });
  it('colours only a terminal, unless asked', () => {
    assert.equal(read({}).color, false);
    assert.equal(read({ FORCE_COLOR: '1' }).color, true);
    assert.equal(read({ FORCE_COLOR: '0' }).color, false);
    assert.equal(read({ FORCE_COLOR: '1', NO_COLOR: '1' }).color, false);
  });
  it('names the variable that is wrong', () => {
    for (const env of [{ ABIDE_ACCEL: 'hvf' }, { ABIDE_TREE_URL: 'ext::sh -c id' }, { ABIDE_CACHE: '' }]) {
      const [name] = Object.keys(env);
      assert.throws(
        () => read(env as unknown as Record<string, string>),
        (error: unknown) =>
          error instanceof AbideError && error.code === 'config-invalid' && error.message.includes(name!),
      );
    }
  });
});
