// SPDX-License-Identifier: MIT
// What a subject says: the commit's subject as git cleans it, and the facts in its prefixes, whatever their order.

export interface SubjectFacts {
  /** Without `Re:` and every leading `[…]`: what `git mailinfo` calls Subject. */
  readonly clean: string;
  /** Every word in brackets but counter and revision, as written. */
  readonly prefixes: readonly string[];
  readonly reply: boolean;
  readonly patch: boolean;
  readonly resend: boolean;
  /** 5.1 for `v5.1`; undefined where none is given. */
  readonly revision: number | undefined;
  readonly index: number | undefined;
  readonly total: number | undefined;
}

/** git's cleanup_subject and cleanup_space. */
export function cleanSubject(subject: string): string {
  let rest = subject.replace(/[ \t\r\n]+/g, ' ');
  for (;;) {
    // git looks for "re:" only where something follows it.
    const prefix = rest.length > 3 ? /^(?:re:|[ \t:]+|\[[^\]]*\])/i.exec(rest) : /^(?:[ \t:]+|\[[^\]]*\])/.exec(rest);
    if (!prefix) return rest.trim();
    rest = rest.slice(prefix[0].length);
  }
}

// The words mailers of several languages put before a reply's or a forwarded mail's subject; b4 knows the same shape.
const REPLY = /^\s*(?:(?:re|aw|antw|sv|vs|fwd?|wg|tr|rif|r|odp|回复|答复)(?:\[\d+\])?\s*[:：]|\w{2,3}:\s*\[)/i;

export function readSubject(subject: string): SubjectFacts {
  const line = subject.slice(0, 10_000).replace(/\s+/g, ' ').trim();
  const reply = REPLY.test(line);
  let rest = line;
  for (let word = REPLY.exec(rest); word; word = REPLY.exec(rest)) {
    rest = rest.slice(word[0].replace(/\[$/, '').length).trimStart();
  }
  const words: string[] = [];
  // `[PATCH [v3] 1/2]` happens; a bracket inside brackets is but a space.
  for (let block = takeBracket(rest); block; block = takeBracket(rest)) {
    words.push(...block.inside.replace(/(patch)(?=v\d)/i, '$1 ').split(/[\s,;[\]]+/));
    rest = block.rest;
  }
  let revision: number | undefined;
  let counter: [number, number] | undefined;
  const prefixes: string[] = [];
  for (const word of words.filter(Boolean)) {
    const version = /^v(\d{1,4}(?:\.\d{1,3})?)$/i.exec(word);
    const place = /^(\d{1,4})(?:\/|of)(\d{1,4})$/i.exec(word);
    if (version) revision = Number(version[1]);
    else if (place) counter = [Number(place[1]), Number(place[2])];
    else prefixes.push(word);
  }
  const has = (prefix: string): boolean => prefixes.some(word => word.toLowerCase().startsWith(prefix));
  return {
    clean: cleanSubject(subject),
    prefixes,
    reply,
    patch: has('patch') || /(?:^|[^a-z])patch/i.test(prefixes.join(' ')),
    resend: has('resend') || has('repost'),
    revision,
    index: counter?.[0],
    total: counter?.[1],
  };
}

function takeBracket(text: string): { inside: string; rest: string } | undefined {
  if (!text.startsWith('[')) return undefined;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '[') depth++;
    if (text[at] === ']' && --depth === 0) return { inside: text.slice(1, at), rest: text.slice(at + 1).trimStart() };
  }
  return undefined;
}
