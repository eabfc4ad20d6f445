// SPDX-License-Identifier: MIT
// The npm lock is whole. Where the registry lacked a platform's optional package when the lock was written, `npm ci` refuses it later.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const Dependencies = z.record(z.string(), z.string()).default({});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), dependencies: Dependencies, optionalDependencies: Dependencies }),
  ),
});
const Package = z.object({
  dependencies: Dependencies,
  devDependencies: Dependencies,
  optionalDependencies: Dependencies,
});

const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8'));

describe('package-lock.json', () => {
  it('holds every package that a package of it names, for every platform', async () => {
    const { packages } = Lock.parse(await read('package-lock.json'));
    const absent: string[] = [];
    for (const [path, entry] of Object.entries(packages)) {
      for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
        if (!placesFor(path, name).some(place => place in packages)) absent.push(`${name} of ${path}`);
      }
    }
    assert.deepEqual(absent, []);
  });

  it('is what package.json asks for, to the exact version', async () => {
    const { packages } = Lock.parse(await read('package-lock.json'));
    const asked = Package.parse(await read('package.json'));
    const all = { ...asked.dependencies, ...asked.devDependencies, ...asked.optionalDependencies };
    for (const [name, version] of Object.entries(all))
      assert.equal(packages[`node_modules/${name}`]?.version, version, name);
  });
});

/** Where Node looks for a package that the package at `path` names. */
function placesFor(path: string, name: string): string[] {
  const parents = path.split('/node_modules/');
  const nested = parents.map((_, index) => parents.slice(0, index + 1).join('/node_modules/'));
  return [...nested.filter(Boolean).map(parent => `${parent}/node_modules/${name}`), `node_modules/${name}`];
}
