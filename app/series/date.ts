// SPDX-License-Identifier: MIT
// A mail's Date to ISO 8601 with the sender's own offset, and back. Unreadable dates are undefined, never guessed.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** RFC 5322, 4.3: the only zone names with a meaning. */
const ZONES: Record<string, string> = {
  ut: '+0000',
  utc: '+0000',
  gmt: '+0000',
  z: '+0000',
  est: '-0500',
  edt: '-0400',
  cst: '-0600',
  cdt: '-0500',
  mst: '-0700',
  mdt: '-0600',
  pst: '-0800',
  pdt: '-0700',
};

const DATE =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([+-]\d{4})|\s+([a-z]{1,4}))?/i;
/** The same as ctime has it: `Thu Sep 3 17:56:10 2015 +0300`. */
const CTIME = /^(?:[a-z]{3},?\s+)([a-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(\d{4})(?:\s*([+-]\d{4}))?/i;
const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})\s*(?:([+-]\d{2}):?(\d{2})|Z)?/;

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

export function readDate(field: string | undefined): string | undefined {
  const text = field?.slice(0, 200).trim();
  if (!text) return undefined;
  const mail = DATE.exec(text);
  if (mail) {
    const [, day, month, year, hour, minute, second, offset, zone] = mail;
    return iso([year!, month!, day!], [hour!, minute!, second ?? '0'], offset ?? ZONES[zone?.toLowerCase() ?? '']);
  }
  const ctime = CTIME.exec(text);
  if (ctime) {
    const [, month, day, hour, minute, second, year, offset] = ctime;
    return iso([year!, month!, day!], [hour!, minute!, second!], offset);
  }
  const plain = ISO.exec(text);
  if (!plain) return undefined;
  const month = MONTHS[Number(plain[2]) - 1] ?? '';
  return iso([plain[1]!, month, plain[3]!], [plain[4]!, plain[5]!, plain[6]!], plain[7] && plain[7] + plain[8]!);
}

function iso(date: [string, string, string], time: [string, string, string], offset = '+0000'): string | undefined {
  const month = MONTHS.indexOf(date[1].toLowerCase());
  let year = Number(date[0]);
  if (date[0].length === 2) year += year < 50 ? 2000 : 1900;
  const [day, hour, minute] = [Number(date[2]), Number(time[0]), Number(time[1])];
  const second = Math.min(Number(time[2]), 59);
  const valid = month >= 0 && year > 1969 && day > 0 && day < 32 && hour < 24 && minute < 60;
  if (!valid || Number(offset.slice(1, 3)) > 14 || Number(offset.slice(3)) > 59) return undefined;
  const clock = `${pad(hour)}:${pad(minute)}:${pad(second)}`;
  return `${pad(year, 4)}-${pad(month + 1)}-${pad(day)}T${clock}${offset.slice(0, 3)}:${offset.slice(3)}`;
}

/** ISO 8601 as `readDate` gives it, to RFC 5322: `Thu, 3 Sep 2015 17:56:10 +0300`. */
export function mailDate(date: string): string {
  const month = MONTHS[Number(date.slice(5, 7)) - 1]!;
  const weekday = DAYS[new Date(`${date.slice(0, 10)}T00:00:00Z`).getUTCDay()]!;
  const name = month[0]!.toUpperCase() + month.slice(1);
  const offset = date.slice(19).replace(':', '');
  return `${weekday}, ${Number(date.slice(8, 10))} ${name} ${date.slice(0, 4)} ${date.slice(11, 19)} ${offset}`;
}
