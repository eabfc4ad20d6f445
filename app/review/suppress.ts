// SPDX-License-Identifier: MIT
// Suppressions: a trailer `Abide-suppress: FINGERPRINT reason` in a patch marks one finding as accepted, with its reason.
// A finding is never dropped: it is shown with who suppressed it and why. Without a reason nothing is suppressed, and the author is told.
import type { Finding } from '../model/change.ts';
import type { Notice } from '../model/report.ts';
import type { Series } from '../model/series.ts';

export interface Suppression {
  readonly fingerprint: string;
  readonly reason: string;
  /** Whose word it is, as a phrase. */
  readonly by: string;
}

/** Short enough a reason is no reason: "ok", "n/a", "x". */
const LEAST_REASON = 8;
const FINGERPRINT = /^[0-9a-f]{16}$/i;
/** Characters of a trailer that a notice repeats. */
const MOST_SHOWN = 80;

type Trailers = readonly { readonly value: string; readonly by: string }[];

function suppressTrailers(series: Series): Trailers {
  return series.patches.flatMap(patch =>
    patch.trailers
      .filter(trailer => trailer.key.toLowerCase() === 'abide-suppress')
      .map(trailer => ({ value: trailer.value.trim(), by: `a trailer of patch ${patch.index}/${patch.total}` })),
  );
}

/** The suppression that a trailer's value states, or why it states none. */
function readTrailer(value: string): { fingerprint: string; reason: string } | { wrong: string } {
  const [fingerprint = '', ...words] = value.split(/\s+/);
  const reason = words.join(' ');
  if (!FINGERPRINT.test(fingerprint))
    return { wrong: 'does not begin with the fingerprint of a finding, 16 hex digits' };
  if (reason === '') return { wrong: 'gives no reason' };
  if (reason.length < LEAST_REASON) return { wrong: `gives a reason of less than ${LEAST_REASON} characters` };
  return { fingerprint: fingerprint.toLowerCase(), reason };
}

/** Those that name one finding and give a reason. */
export function readSuppressions(series: Series): Suppression[] {
  return suppressTrailers(series).flatMap(({ value, by }) => {
    const read = readTrailer(value);
    return 'wrong' in read ? [] : [{ ...read, by }];
  });
}

/** What the author must be told of trailers that suppress nothing, one notice each. */
export function suppressionNotices(series: Series): Notice[] {
  return suppressTrailers(series).flatMap(({ value, by }) => {
    const read = readTrailer(value);
    if (!('wrong' in read)) return [];
    const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
    const message = `${by} suppresses nothing: “Abide-suppress: ${shown}” ${read.wrong}. Write “Abide-suppress: FINGERPRINT why this one is right”.`;
    return [{ code: 'suppression-ignored', message }];
  });
}

export function suppress(findings: readonly Finding[], suppressions: readonly Suppression[]): Finding[] {
  const known = new Map(suppressions.map(each => [each.fingerprint, each]));
  return findings.map(finding => {
    const found = known.get(finding.fingerprint);
    return found === undefined ? finding : { ...finding, suppressed: { by: found.by, reason: found.reason } };
  });
}
