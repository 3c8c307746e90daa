import { createHash } from 'node:crypto';
import { html, Markup } from './escape.ts';
import { STYLE } from './style.ts';

/** What stands on a page. */
export interface PageParts {
  readonly title: string;
  /** Above the page's body. */
  readonly header: Markup;
  readonly main: Markup | readonly Markup[];
  /** At the foot. */
  readonly note: string;
  /** Whether pictures inside the page are allowed. Default false. */
  readonly hasPictures?: boolean;
}

/** Renders a self-contained HTML page: nothing is fetched, no script runs. @returns the whole document, UTF-8. */
export function renderPage({ title, header, main, note, hasPictures = false }: PageParts): string {
  return html`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(hasPictures)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>${header}</header>
<main>
${main}
</main>
<footer><p class="note">${note}</p></footer>
</body>
</html>
`.text;
}

/** Allows the one style sheet, by its hash, and pictures inside the page where asked; forbids everything else. */
function contentPolicy(hasPictures: boolean): string {
  const style = createHash('sha256').update(STYLE).digest('base64');
  const pictures = hasPictures ? ' img-src data:;' : '';
  return `default-src 'none'; style-src 'sha256-${style}';${pictures} base-uri 'none'; form-action 'none'`;
}

/** A line above a title. */
export const titled = (kicker: string, title: string): Markup => html`<p class="kicker">${kicker}</p><h1>${title}</h1>`;
