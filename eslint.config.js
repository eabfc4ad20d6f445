// SPDX-License-Identifier: MIT
// Lint: typescript-eslint with types, the import directions of docs/design.md, who may use what, and who may read the environment.
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const PURE = ['series', 'abi', 'review'];
const ADAPTERS = ['sources', 'trees', 'lab', 'provision', 'reporters', 'store', 'github', 'web'];
const dirs = names => names.map(name => `./app/${name}`);

// target may not import from: model < pure, rules < adapters < pipeline < main.
const ABOVE_ADAPTERS = ['cli', 'main', 'config', 'pipeline', 'doctor', 'input', 'replay', 'run-revision']
  .map(name => `./app/${name}.ts`)
  .concat('./app/commands', './app/replay');
const zones = [
  { target: './app/model', from: './app', except: ['./model'], message: 'the model imports nothing' },
  {
    target: [...dirs(PURE), './rules'],
    from: [...dirs(ADAPTERS), ...ABOVE_ADAPTERS],
    message: 'pure code imports pure code and the model, nothing that does I/O',
  },
  { target: dirs(PURE), from: './rules', message: 'rules are handed to the engine, which knows none of them' },
  ...ADAPTERS.map(name => ({
    target: `./app/${name}`,
    from: [...dirs(ADAPTERS.filter(other => other !== name)), ...ABOVE_ADAPTERS, './rules'],
    message: 'adapters import neither one another nor what is above them',
  })),
  {
    target: './app/pipeline.ts',
    from: ['./app/main.ts', './app/cli.ts', './app/commands'],
    message: 'no step calls backwards',
  },
  {
    target: ['./app', './rules'],
    from: ['./test', './setup', './bench'],
    message: 'the product does not know its tools',
  },
];

// The one user of each package that should have one user.
const SOLE_USERS = [
  ['parse-diff', 'app/series'],
  ['postal-mime', 'app/series'],
  ['web-tree-sitter', 'app/abi'],
  ['simple-git', 'app/trees'],
];
const forbid = names =>
  names.map(([name, user]) => ({ name, message: `${user} is the only user of ${name}`, allowTypeImports: false }));
const IO = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:net', 'node:http', 'node:https', 'execa'];
const forbidIo = IO.map(name => ({ name, message: 'a pure module does no I/O' }));
const onlyUsers = (files, area, extra = []) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { paths: [...forbid(SOLE_USERS.filter(([, user]) => user !== area)), ...extra] },
    ],
  },
});

export default defineConfig(
  { ignores: ['node_modules/', 'coverage/', 'test/fixtures/', 'examples/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      // Without these, no-cycle looks into no TypeScript file and passes.
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'only app/main.ts reads the environment; take what you need as an argument',
        },
      ],
      eqeqeq: ['error', 'always'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // Sees the `return promise` that leaves a try or an `await using` before the promise has ended.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // tsc says these, and knows more.
      '@typescript-eslint/no-unused-vars': 'off',
    },
  },
  onlyUsers(['app/**/*.ts', 'rules/**/*.ts'], ''),
  ...['app/abi', 'app/series', 'app/review', 'app/model', 'rules'].map(area =>
    onlyUsers([`${area}/**/*.ts`], area, forbidIo),
  ),
  onlyUsers(['app/trees/**/*.ts'], 'app/trees'),
  {
    files: ['app/main.ts', 'setup/**/*.ts', 'bench/**/*.ts', 'test/support/env.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
);
