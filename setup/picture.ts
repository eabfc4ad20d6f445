// SPDX-License-Identifier: MIT
// Terminal output on stdin → an SVG of it on stdout, for the README: FORCE_COLOR=1 ./abide review … | node setup/picture.ts '$ ./abide review …'
import { text } from 'node:stream/consumers';

const [WIDTH, LINE, MARGIN] = [8.4, 19, 16];
const COLORS: Record<string, string> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 35: '#d2a8ff', 36: '#79c0ff' };

const escape = (part: string): string => part.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);

/** One line with its colours as tspans. Only the few codes that picocolors writes are known. */
function spans(line: string): string {
  let style = { color: '', bold: false, dim: false };
  return line
    .split(/(\x1b\[\d+m)/)
    .map(part => {
      const code = /^\x1b\[(\d+)m$/.exec(part)?.[1];
      if (code === undefined) {
        if (part === '') return '';
        const fill = style.color ? ` fill="${style.color}"` : style.dim ? ' fill="#8b949e"' : '';
        return `<tspan${fill}${style.bold ? ' font-weight="bold"' : ''}>${escape(part)}</tspan>`;
      }
      if (code === '1') style = { ...style, bold: true };
      else if (code === '2') style = { ...style, dim: true };
      else if (code === '22') style = { ...style, bold: false, dim: false };
      else style = { ...style, color: COLORS[code] ?? '' };
      return '';
    })
    .join('');
}

const lines = [...process.argv.slice(2), ...(await text(process.stdin)).trimEnd().split('\n')];
const columns = Math.max(...lines.map(line => line.replace(/\x1b\[\d+m/g, '').length));
const [width, height] = [Math.ceil(columns * WIDTH) + 2 * MARGIN, lines.length * LINE + 2 * MARGIN];
const rows = lines.map(
  (line, i) => `<text x="${MARGIN}" y="${MARGIN + (i + 0.75) * LINE}" xml:space="preserve">${spans(line)}</text>`,
);
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${rows.join('\n')}
</svg>\n`,
);
