// SPDX-License-Identifier: MIT
// Suppressions: a trailer `Abide-suppress: FINGERPRINT reason` in a patch marks one finding as accepted, with its reason.
// A finding is never dropped: it is shown with who suppressed it and why. Without a reason nothing is suppressed.
import type { Finding } from '../model/change.ts';
import type { Series } from '../model/series.ts';

export interface Suppression {
  readonly fingerprint: string;
  readonly reason: string;
  /** Whose word it is, as a phrase. */
  readonly by: string;
}

/** Short enough a reason is no reason: "ok", "n/a", "x". */
const LEAST_REASON = 8;
const TRAILER = /^([0-9a-f]{16})\s+(\S[^]*)$/i;

/** Those that name one finding and give a reason. */
export function readSuppressions(series: Series): Suppression[] {
  return series.patches.flatMap(patch =>
    patch.trailers
      .filter(trailer => trailer.key.toLowerCase() === 'abide-suppress')
      .flatMap(trailer => {
        const [, fingerprint = '', reason = ''] = TRAILER.exec(trailer.value.trim()) ?? [];
        if (reason.trim().length < LEAST_REASON) return [];
        const by = `a trailer of patch ${patch.index}/${patch.total}`;
        return [{ fingerprint: fingerprint.toLowerCase(), reason: reason.trim(), by }];
      }),
  );
}

export function suppress(findings: readonly Finding[], suppressions: readonly Suppression[]): Finding[] {
  const known = new Map(suppressions.map(each => [each.fingerprint, each]));
  return findings.map(finding => {
    const found = known.get(finding.fingerprint);
    return found === undefined ? finding : { ...finding, suppressed: { by: found.by, reason: found.reason } };
  });
}
