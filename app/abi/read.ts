// SPDX-License-Identifier: MIT
// One piece of C text to its facts. Lines count from the piece's own first line.
import type { Node } from 'web-tree-sitter';
import { baseTokens, flat, leaves, readDeclarator, readMembers, span, typeOf } from './declarator.ts';
import type { Assignment, Body, Call, Enum, Facts, Func, Local, Struct, Test } from './facts.ts';
import { withTree } from './parser.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export function readFacts(text: string): Facts {
  const facts: Mutable<Facts> = { structs: [], enums: [], functions: [], typedefs: [] };
  withTree(text, root => readNode(root, facts));
  return facts;
}

function readNode(node: Node, facts: Mutable<Facts>): void {
  switch (node.type) {
    case 'struct_specifier':
    case 'union_specifier':
      readStruct(node, facts);
      break;
    case 'enum_specifier':
      readEnum(node, facts);
      return;
    case 'function_definition':
      readFunction(node, facts);
      return;
    case 'declaration':
      for (const declarator of node.childrenForFieldName('declarator'))
        if (declarator !== null && isFunction(declarator)) readFunction(node, facts);
      break;
    case 'type_definition':
      readTypedef(node, facts);
      break;
    default:
  }
  for (const child of node.namedChildren) if (child !== null) readNode(child, facts);
}

function isFunction(declarator: Node): boolean {
  if (declarator.type === 'function_declarator')
    return declarator.childForFieldName('declarator')?.type === 'identifier';
  return (
    declarator.type === 'pointer_declarator' && declarator.namedChildren.some(each => each !== null && isFunction(each))
  );
}

function readStruct(node: Node, facts: Mutable<Facts>): void {
  const body = node.childForFieldName('body');
  if (body === null) return;
  const tag = node.childForFieldName('name')?.text;
  const parent = node.parent;
  const name = tag ?? (parent?.type === 'type_definition' ? (parent.childForFieldName('declarator')?.text ?? '') : '');
  const kind: Struct['kind'] = node.type === 'union_specifier' ? 'union' : 'struct';
  facts.structs.push({ kind, name, members: readMembers(body), ...span(node) });
}

function readEnum(node: Node, facts: Mutable<Facts>): void {
  const body = node.childForFieldName('body');
  if (body === null) return;
  const read: Mutable<Enum> = { name: node.childForFieldName('name')?.text ?? '', enumerators: [], ...span(node) };
  const visit = (list: Node): void => {
    for (const child of list.namedChildren) {
      if (child?.type.startsWith('preproc_if')) visit(child);
      if (child?.type !== 'enumerator') continue;
      const value = child.childForFieldName('value');
      const name = child.childForFieldName('name')?.text ?? '';
      read.enumerators.push({ name, value: value === null ? undefined : flat(value), ...span(child) });
    }
  };
  visit(body);
  facts.enums.push(read);
}

function readTypedef(node: Node, facts: Mutable<Facts>): void {
  const base = baseTokens(node).filter(token => token !== 'typedef');
  for (const declarator of node.childrenForFieldName('declarator')) {
    if (declarator === null) continue;
    const { name, shape } = readDeclarator(declarator);
    facts.typedefs.push({ name, type: typeOf(base, shape, flat(node)) });
  }
}

function readFunction(node: Node, facts: Mutable<Facts>): void {
  const declarator = node.childForFieldName('declarator');
  if (declarator === null) return;
  const { name, shape, params } = readDeclarator(declarator);
  if (name === '') return;
  const pointers = shape.slice(0, shape.indexOf('@')).filter(token => token === '*');
  const words = node.children.filter(child => child?.type === 'storage_class_specifier').map(child => child?.text);
  const body = node.childForFieldName('body');
  const func: Func = {
    name,
    returns: typeOf(baseTokens(node), pointers, `${flat(node.childForFieldName('type'))} ${pointers.join('')}`),
    params,
    inline: words.some(word => /inline/.test(word ?? '')),
    static: words.includes('static'),
    body: body?.type === 'compound_statement' ? readBody(body) : undefined,
    ...span(node),
  };
  facts.functions.push(func);
}

function readBody(node: Node): Body {
  const calls: Call[] = [];
  const assignments: Assignment[] = [];
  const tests: Test[] = [];
  const returns: { value: string; line: number; endLine: number }[] = [];
  const locals: Local[] = [];
  const visit = (each: Node): void => {
    const field = (name: string): Node | null => each.childForFieldName(name);
    if (each.type === 'call_expression') {
      const args = field('arguments')?.namedChildren.filter(arg => arg !== null && arg.type !== 'comment') ?? [];
      calls.push({ callee: tight(field('function')), args: args.map(tight), ...span(each) });
    } else if (each.type === 'assignment_expression') {
      const operator = field('operator')?.text ?? '=';
      assignments.push({ left: tight(field('left')), operator, right: tight(field('right')), ...span(each) });
    } else if (each.type === 'if_statement') {
      tests.push({ test: flat(field('condition')), consequence: flat(field('consequence')), ...span(each) });
    } else if (each.type === 'conditional_expression' || each.type === 'while_statement') {
      tests.push({ test: flat(field('condition')), consequence: '', ...span(each) });
    } else if (each.type === 'return_statement') {
      returns.push({ value: each.namedChildren.map(flat).join(' '), ...span(each) });
    } else if (each.type === 'declaration') readLocal(each, locals);
    for (const child of each.namedChildren) if (child !== null) visit(child);
  };
  visit(node);
  return { tokens: leaves(node), calls, assignments, tests, returns, locals };
}

/** An expression without spaces around its operators: `vctx->close_xrcd`, `(&ctx->vctx)->priv`. */
function tight(node: Node | null): string {
  return flat(node)
    .replace(/ ?(->|\.|\(|\)|\[|\]|,) ?/g, '$1')
    .replace(/(^|[(,])([&*]) /g, '$1$2');
}

function readLocal(node: Node, locals: Local[]): void {
  const base = baseTokens(node);
  for (const declarator of node.childrenForFieldName('declarator')) {
    if (declarator === null) continue;
    const inner = declarator.type === 'init_declarator' ? declarator.childForFieldName('declarator') : declarator;
    const value = declarator.type === 'init_declarator' ? declarator.childForFieldName('value') : null;
    if (inner === null) continue;
    const { name, shape } = readDeclarator(inner);
    locals.push({ name, type: typeOf(base, shape, flat(node)), ...(value === null ? {} : { value: flat(value) }) });
  }
}
