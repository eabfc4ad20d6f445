// SPDX-License-Identifier: MIT
// Mutated mails from one seed: bytes flipped, lines moved, fields of one mail in another. For the test and the bench.

/** A generator that never ends; the same seed gives the same mails. */
export function* mutants(mails: readonly Uint8Array[], seed: number): Generator<Buffer> {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    // xorshift32: an LCG's low bits repeat too soon for a million mails.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const some = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const lines = (mail: Uint8Array): string[] => Buffer.from(mail).toString('latin1').split('\n');
  for (;;) {
    let mail = lines(some(mails));
    for (let changes = 1 + below(6); changes > 0; changes--) {
      const at = below(mail.length);
      switch (below(9)) {
        case 0:
          mail.splice(at, 1 + below(4));
          break;
        case 1:
          mail.splice(at, 0, some(lines(some(mails))));
          break;
        case 2:
          mail.splice(at, 0, some(TROUBLE));
          break;
        case 3:
          mail.splice(below(mail.length), 0, ...mail.splice(at, 1 + below(5)));
          break;
        case 4:
          mail[at] = (mail[at] ?? '').slice(below(20));
          break;
        case 5:
          mail[at] = (mail[at] ?? '') + String.fromCharCode(below(256));
          break;
        case 6:
          mail[at] = [...(mail[at] ?? '')].map(char => (below(8) ? char : String.fromCharCode(below(256)))).join('');
          break;
        case 7:
          mail = [...mail.slice(0, at), ...lines(some(mails)).slice(below(10))].slice(0, 2000);
          break;
        default:
          mail[at] = (mail[at] ?? '').repeat(1 + below(3));
      }
      if (mail.length === 0) mail = [''];
    }
    yield Buffer.from(mail.join('\n'), 'latin1');
  }
}

const TROUBLE = [
  '',
  '---',
  '--- ',
  '+++ ',
  '--- /dev/null',
  '@@ -1,2 +3,4 @@',
  '@@ -0,0 +1 @@ struct x {',
  'diff --git a/x b/x',
  'diff --git "a/\\',
  'diff --git x',
  'index 0..1 9',
  'old mode 1',
  'new file mode 120000',
  'rename from ',
  'rename to ../x',
  'similarity index 999%',
  'GIT binary patch',
  'literal 5',
  'Binary files a/x and b/x differ',
  '\\ No newline at end of file',
  '-- >8 --',
  'From: ',
  'From: "',
  'From: (((',
  'Subject: =?utf-8?b?///?=',
  'Subject: =?x?q?=FF?=',
  'Subject: [PATCH 0/0]',
  'Subject: [PATCH 9999/1]',
  'Subject: Re: [[[PATCH v99.9 3/2]',
  'Date: 99 Foo 0 0:0',
  'Message-ID: <>',
  'In-Reply-To: <a@b> <c@d>',
  'Content-Type: multipart/mixed; boundary=""',
  'Content-Type: multipart/mixed; boundary="x',
  'Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  '=3D=\r',
  '\u00ff\u00fe\0\0',
  'base-commit: zzz',
  '>>>>> > >',
  '> @@ -1 +1 @@',
  '> + int x;',
  'Reviewed-by: ',
  'From x Mon Sep 17 00:00:00 2001',
];
