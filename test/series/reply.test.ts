// SPDX-License-Identifier: MIT
// Replies: who said what, which hunks are quoted, which trailers are given.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RawMail } from '../../app/model/index.ts';
import { parseMail, readReply, readSeries, splitMbox } from '../../app/series/index.ts';

const FILE = resolve(import.meta.dirname, '../fixtures/mail/shape-reply-three-quotes.txt');
const HEAD = 'From: Ben Sample <ben@example.com>\nSubject: Re: [PATCH] demo\n\n';
const raw = (body: string): RawMail => ({ source: 'x', cursor: '0', bytes: Buffer.from(HEAD + body) });
const read = async (body: string): Promise<ReturnType<typeof readReply>> => readReply(await parseMail(raw(body)));

describe('readReply', () => {
  it('reads a reply of three quotes, with a struct quoted as a diff, and loses nothing', async () => {
    const bytes = readFileSync(FILE);
    const raws = splitMbox(bytes, FILE);
    assert.deepEqual(await readSeries(raws), []);
    const mail = await parseMail(raws[0]!);
    assert.equal(mail.body, bytes.toString());
    const reply = readReply(mail);
    assert.deepEqual([...new Set(reply.lines.map(line => line.depth))].sort(), [0, 1, 2, 3]);
    assert.equal(reply.lines.length, bytes.toString().trimEnd().split('\n').length);
    const [hunk, ...others] = reply.hunks;
    assert.deepEqual(others, []);
    assert.equal(hunk?.symbol, 'demo_context');
    assert.equal(hunk.depth, 2);
    assert.equal(hunk.lines[0], 'struct demo_context {');
    assert.equal(hunk.lines.at(-1), '+ flags);');
  });

  it('knows `>>`, `> >` and `>>text` for one depth', async () => {
    const { lines } = await read('>> a\n> > b\n>>c\n>\n> \n>  d\nnone > e\n');
    assert.deepEqual(
      lines.map(line => [line.depth, line.text]),
      [
        [2, 'a'],
        [2, 'b'],
        [2, 'c'],
        [1, ''],
        [1, ''],
        [1, ' d'],
        [0, 'none > e'],
      ],
    );
  });

  it('takes a list of points for no hunk', async () => {
    assert.deepEqual((await read('> - first, this\n> - then that\n\n+1 from me\n\n- Ada\n')).hunks, []);
  });

  it('ties a hunk to the struct, the enum or the function it names', async () => {
    const symbol = async (text: string): Promise<string | undefined> => (await read(text)).hunks[0]?.symbol;
    assert.equal(
      await symbol('> @@ -1,2 +1,3 @@ int demo_open(struct demo_context *ctx)\n>  \tint x;\n> +\tint y;\n'),
      'demo_open',
    );
    assert.equal(await symbol('> @@ -1,2 +1,3 @@ struct demo_context {\n>  \tint x;\n> +\tint y;\n'), 'demo_context');
    assert.equal(await symbol('> + enum demo_kind {\n> + \tDEMO_A,\n> + };\n'), 'demo_kind');
    assert.equal(await symbol('> + int x;\n'), undefined);
  });

  it('splits a quoted patch into its hunks, with answers between them', async () => {
    const quoted =
      '> diff --git a/f b/f\n> --- a/f\n> +++ b/f\n> @@ -1,2 +1,3 @@ struct a {\n>  x\n>\n> +\tint y;\n\nNo.\n\n> @@ -9 +9 @@ struct b {\n> -\tint p;\n> +\tint q;\n>\n> Regards\n';
    const { hunks } = await read(quoted);
    assert.deepEqual(
      hunks.map(hunk => hunk.symbol),
      ['a', 'b'],
    );
    assert.equal(hunks[1]!.lines.at(-1), '+\tint q;');
  });

  it('takes trailers from the own text above the signature alone', async () => {
    const body =
      '> Reviewed-by: Quoted <q@example.org>\n\nAcked-by: Ben Sample\n<ben@example.com>\nNote: no person\nhttps://example.org: x\n\n-- \nTested-by: Sig <s@example.org>\n';
    assert.deepEqual((await read(body)).trailers, [{ key: 'Acked-by', value: 'Ben Sample <ben@example.com>' }]);
  });
});
