/** What a file begins with, so that spreadsheets read it as UTF-8. */
export const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Rows of a file for spreadsheets: semicolons (what Excel expects in Norway), every cell in quotes. A cell that a spreadsheet
 * would take for a formula begins with an apostrophe, so that a name can never become one.
 */
export const csvRows = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(';')}\r\n`).join('');

/** What begins a formula in some spreadsheet, the wide forms of the signs included, also after what is skipped as blank. */
const FORMULA = /^[\s\p{Cf}]*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;

function cellOf(value: string | number): string {
  const text = String(value);
  const harmless = typeof value === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
