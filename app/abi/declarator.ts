// SPDX-License-Identifier: MIT
// Reads declarations of the syntax tree as names and types. Everything it returns is plain data.
import type { Node } from 'web-tree-sitter';
import type { CType, Member, Param } from './facts.ts';
import { normaliseTokens } from './types.ts';

const NAMES = new Set(['identifier', 'field_identifier', 'type_identifier']);

/** The leaves of a node, comments left out. */
export function leaves(node: Node): string[] {
  const out: string[] = [];
  const visit = (each: Node): void => {
    if (each.type === 'comment') return;
    if (each.childCount === 0) {
      if (each.text.trim() !== '') out.push(each.text);
    } else if (each.type === 'string_literal' || each.type === 'char_literal') out.push(each.text);
    else for (const child of each.children) if (child !== null) visit(child);
  };
  visit(node);
  return out;
}

export const flat = (node: Node | null): string => (node === null ? '' : leaves(node).join(' '));

export const span = (node: Node): { line: number; endLine: number } => ({
  line: node.startPosition.row + 1,
  endLine: node.endPosition.row + 1,
});

/** The name that a declarator gives, and its shape: `(*f)(int x)` is `f` and `( * @ ) ( s32 )`. */
export function readDeclarator(node: Node): { name: string; shape: string[]; params: Param[]; slot: boolean } {
  let name = '';
  let params: Param[] = [];
  let slot = false;
  const shape: string[] = [];
  const visit = (each: Node): void => {
    if (NAMES.has(each.type)) {
      name = each.text;
      shape.push('@');
    } else if (each.type === 'parameter_list') {
      // The innermost list is the declared thing's own: the outer one of a function that returns a function pointer.
      const read = readParams(each);
      if (params.length === 0) params = read;
      shape.push(
        '(',
        ...read.flatMap((param, at) => (at === 0 ? param.type.tokens : [',', ...param.type.tokens])),
        ')',
      );
    } else if (each.type === 'comment' || each.type.endsWith('qualifier') || each.type.startsWith('ms_')) return;
    else if (each.childCount === 0) shape.push(each.text);
    else {
      const inner = each.type.endsWith('function_declarator') ? each.childForFieldName('declarator') : null;
      if (inner?.type.endsWith('parenthesized_declarator') && inner.text.includes('*')) slot = true;
      if (each.type === 'array_declarator') {
        const size = each.childForFieldName('size');
        const bound = each.childForFieldName('declarator');
        if (bound !== null) visit(bound);
        shape.push('[', ...(size === null ? [] : leaves(size)), ']');
      } else for (const child of each.children) if (child !== null) visit(child);
    }
  };
  visit(node);
  return { name, shape, params, slot };
}

const NO_TYPE = new Set([
  ';',
  ',',
  '=',
  'comment',
  'compound_statement',
  'bitfield_clause',
  'ERROR',
  'storage_class_specifier',
]);

/** The type words before a declarator: everything of the declaration that is neither declarator, value, body nor `;`. */
export function baseTokens(declaration: Node): string[] {
  const declared = new Set(declaration.childrenForFieldName('declarator').map(each => each?.id));
  const out: string[] = [];
  for (const child of declaration.children) {
    if (child === null || NO_TYPE.has(child.type) || declared.has(child.id)) continue;
    if (/^(struct|union|enum)_specifier$/.test(child.type)) {
      const tag = child.childForFieldName('name');
      out.push(child.type.replace('_specifier', ''), ...(tag === null ? ['{}'] : [tag.text]));
    } else out.push(...leaves(child));
  }
  return normaliseTokens(out);
}

export function typeOf(base: readonly string[], shape: readonly string[], text: string): CType {
  return { tokens: [...base, ...shape], text: tidy(text) };
}

/** Tokens on one line as a person would write them: `int (*f)(struct x *y)`. */
export function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?(->|\.(?!\.)|\[|\]) ?/g, '$1')
    .replace(/([(*~!]) /g, '$1')
    .replace(/ ([),;])/g, '$1')
    .replace(/\) \(/g, ')(')
    .trim();
}

function readParams(list: Node): Param[] {
  const params: Param[] = [];
  for (const child of list.namedChildren) {
    if (child === null || child.type === 'comment') continue;
    const declarator = child.childForFieldName('declarator');
    const read = declarator === null ? { name: '', shape: [] } : readDeclarator(declarator);
    // An array parameter is a pointer; the name of a parameter is nobody's business.
    const shape = read.shape
      .filter(token => token !== '@')
      .join(' ')
      .replace(/^\[[^\]]*\]/, '*')
      .split(' ')
      .filter(Boolean);
    const base = child.type === 'variadic_parameter' ? ['...'] : baseTokens(child);
    params.push({ name: read.name, type: typeOf(base, shape, flat(child)) });
  }
  return params.length === 1 && params[0]?.type.tokens.join() === 'void' ? [] : params;
}

/** Members of a struct, those of its #ifdef branches included. */
export function readMembers(list: Node): Member[] {
  const members: Member[] = [];
  for (const child of list.namedChildren) {
    if (child === null) continue;
    if (child.type.startsWith('preproc_')) {
      if (/^preproc_(if|ifdef|else|elif|elifdef)$/.test(child.type)) members.push(...readMembers(child));
      continue;
    }
    if (child.type !== 'field_declaration') continue;
    const inner = child.childForFieldName('type')?.childForFieldName('body') ?? null;
    const nested = inner?.type === 'field_declaration_list' ? { members: readMembers(inner) } : {};
    const bits = child.namedChildren.find(each => each?.type === 'bitfield_clause');
    const base = baseTokens(child);
    const tail = bits === undefined || bits === null ? [] : leaves(bits);
    const declarators = child.childrenForFieldName('declarator').filter(each => each !== null);
    if (declarators.length === 0)
      members.push({ name: '', type: typeOf(base, tail, flat(child)), slot: false, ...nested, ...span(child) });
    for (const declarator of declarators) {
      const { name, shape, slot } = readDeclarator(declarator);
      members.push({ name, type: typeOf(base, [...shape, ...tail], flat(child)), slot, ...nested, ...span(child) });
    }
  }
  return members;
}
