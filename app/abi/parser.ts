// SPDX-License-Identifier: MIT
// The only user of tree-sitter. Loads the grammar once; lends a tree for the length of a call and frees it.
import { fileURLToPath } from 'node:url';
import { Language, Parser, type Node, type Tree } from 'web-tree-sitter';
import { maskMacros } from './mask.ts';

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

/** The largest declaration of rdma-core is 37 kB, its deepest tree 41 nodes. What is past these is read by nobody, so that no text costs minutes or
 *  the stack. */
const MAX_LENGTH = 100_000;
const MAX_DEPTH = 250;

/** Parses, macros masked, and hands the root to `read`; gives undefined for text that is too long or nested too deep. The tree lives in WebAssembly
 *  memory: nothing of it may leave `read`. */
export function withTree<T>(text: string, read: (root: Node) => T): T | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (parser === undefined) throw new Error('loadParsers() must be awaited before C text is read');
  const tree = parser.parse(maskMacros(text));
  if (tree === null) throw new Error('tree-sitter was cancelled, though nobody cancels it');
  try {
    return text.length > MAX_DEPTH && isDeep(tree) ? undefined : read(tree.rootNode);
  } finally {
    tree.delete();
  }
}

function isDeep(tree: Tree): boolean {
  const cursor = tree.walk();
  try {
    for (let depth = 0; ;) {
      if (cursor.gotoFirstChild()) {
        if (++depth > MAX_DEPTH) return true;
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return false;
        depth--;
      }
    }
  } finally {
    cursor.delete();
  }
}
