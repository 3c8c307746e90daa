import { type Content, html, type Markup } from './escape.ts';

/** One column of a {@link dataTable}. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Content;
  /** Numbers are set to the right. */
  readonly isNumber?: boolean;
}

/** A table with a caption, its first column as row headings; where it is too wide it scrolls by itself, by keyboard too. */
export function dataTable<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const kind = (column: Column<Row>) => (column.isNumber ? html` class="number"` : undefined);
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${kind(column)}>${column.title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${columns.map((column, i) =>
        i === 0 ? html`<th scope="row">${column.cell(row)}</th>` : html`<td${kind(column)}>${column.cell(row)}</td>`,
      )}</tr>
`,
  )}</tbody></table></div>`;
}
