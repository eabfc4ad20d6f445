// SPDX-License-Identifier: MIT
// A MIME body to its leaf parts, as bytes. The only user of postal-mime's parser; what it refuses is told as a fault.
import PostalMime from 'postal-mime';

export interface MimePart {
  readonly type: string;
  readonly charset: string | undefined;
  readonly flowed: boolean;
  readonly delsp: boolean;
  readonly fileName: string | undefined;
  readonly bytes: Uint8Array;
}

/** git stops at 5 boundaries; nobody's mailer nests deeper than this. */
const MAX_DEPTH = 20;
/** Lines that may be boundaries. A mail of a million tiny parts would keep the parser busy for minutes. */
const MAX_BOUNDARY_LINES = 10_000;

/** What of postal-mime's tree is read here: its public result decodes text, and a diff must stay bytes. */
interface Node {
  readonly contentType: { parsed: { value: string; params: Record<string, string> }; multipart: string | false };
  readonly contentDisposition: { parsed: { params: Record<string, string> } };
  readonly childNodes: readonly Node[];
  readonly content: ArrayBuffer | null;
}

const END_OF_MULTIPART: MimePart = {
  type: 'text/plain',
  charset: undefined,
  flowed: false,
  delsp: false,
  fileName: undefined,
  bytes: new Uint8Array([0x0a]),
};

function leaves(node: Node, parts: MimePart[]): MimePart[] {
  const { value, params } = node.contentType.parsed;
  if (node.contentType.multipart) {
    for (const child of node.childNodes) leaves(child, parts);
    // `git mailinfo` writes an empty line where a multipart ends.
    parts.push(END_OF_MULTIPART);
  } else if (node.content) {
    parts.push({
      type: value.toLowerCase(),
      charset: params.charset,
      flowed: /^flowed$/i.test(params.format ?? ''),
      delsp: /^yes$/i.test(params.delsp ?? ''),
      fileName: node.contentDisposition.parsed.params.filename ?? params.name,
      bytes: new Uint8Array(node.content),
    });
  }
  return parts;
}

/** `fields` are the mail's own MIME fields; `body` is what follows its header. */
export async function readMime(
  fields: { contentType: string | undefined; encoding: string | undefined },
  body: Uint8Array,
): Promise<{ parts: MimePart[] } | { fault: string }> {
  if (tooManyBoundaries(body)) return { fault: 'has more MIME parts than any mail needs' };
  const head = `Content-Type: ${fields.contentType ?? 'text/plain'}\nContent-Transfer-Encoding: ${fields.encoding ?? '8bit'}\n\n`;
  try {
    const parser = new PostalMime({ forceRfc822Attachments: true, maxNestingDepth: MAX_DEPTH });
    await parser.parse(Buffer.concat([Buffer.from(head, 'utf8'), body]));
    return { parts: leaves((parser as unknown as { root: Node }).root, []) };
  } catch (error) {
    return {
      fault: `has a MIME structure that cannot be read (${error instanceof Error ? error.message : 'unknown'})`,
    };
  }
}

function tooManyBoundaries(body: Uint8Array): boolean {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let count = 0;
  for (let at = buffer.indexOf('\n--'); at >= 0; at = buffer.indexOf('\n--', at + 1)) {
    // `--- a/file` and `-- ` are a diff's and a signature's.
    if (buffer[at + 3] !== 0x2d && buffer[at + 3] !== 0x20 && ++count > MAX_BOUNDARY_LINES) return true;
  }
  return false;
}
