// SPDX-License-Identifier: MIT
// The reporters by the name that `--format` gives them. Each is a pure render of one Report.
import type { Report } from '../model/index.ts';
import { renderB4 } from './b4.ts';
import { renderJson } from './json.ts';
import { renderMail } from './mail.ts';
import { renderMarkdown } from './markdown.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

export interface RenderOptions {
  readonly color: boolean;
}

export const reporters: Readonly<Record<string, (report: Report, options: RenderOptions) => string>> = {
  text: renderText,
  json: renderJson,
  sarif: renderSarif,
  b4: renderB4,
  mail: renderMail,
  markdown: renderMarkdown,
};
