// SPDX-License-Identifier: MIT
// The only user of tree-sitter. Loads the grammar once; lends a tree for the length of a call and frees it.
import { fileURLToPath } from 'node:url';
import { Language, Parser, type Node } from 'web-tree-sitter';

let parser: Parser | undefined;
let loading: Promise<void> | undefined;

/** Reads the grammar (600 kB) from node_modules. Must be awaited once before any rule runs; calling it again is free. */
export function loadParsers(): Promise<void> {
  return (loading ??= load());
}

async function load(): Promise<void> {
  await Parser.init();
  const grammar = fileURLToPath(import.meta.resolve('tree-sitter-c/tree-sitter-c.wasm'));
  const fresh = new Parser();
  fresh.setLanguage(await Language.load(grammar));
  parser = fresh;
}

/** Parses and hands the root to `read`. The tree lives in WebAssembly memory: nothing of it may leave `read`. */
export function withTree<T>(text: string, read: (root: Node) => T): T {
  if (parser === undefined) throw new Error('loadParsers() must be awaited before C text is read');
  const tree = parser.parse(text);
  if (tree === null) throw new Error('tree-sitter was cancelled, though nobody cancels it');
  try {
    return read(tree.rootNode);
  } finally {
    tree.delete();
  }
}
