import { variables } from '../../src/platform/config.ts';

const BEGIN = '<!-- variables: written by npm run variables -->';
const END = '<!-- /variables -->';

/** The document with the table of all variables of the environment between its two marks, made from the code. */
export function withVariables(document: string): string {
  const [before, rest] = document.split(BEGIN);
  const [, after] = (rest ?? '').split(END);
  if (before === undefined || after === undefined) throw new Error(`the document lacks ${BEGIN} or ${END}`);
  return `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`;
}

function table(): string {
  const rows = [
    ['variable', 'means', 'default'],
    ...variables.map(({ name, what, fallback = '' }) => [`\`${name}\``, escaped(what), escaped(fallback)]),
  ];
  // As Prettier aligns it.
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

const escaped = (text: string): string => text.replaceAll('|', '\\|');
