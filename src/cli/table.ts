import { stripVTControlCharacters, styleText } from 'node:util';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Whether it may be cut where the terminal is too narrow; what may not is an id or a number, which is of no use in part. */
  readonly fits?: boolean;
}

/** How something is printed. */
export interface Look {
  /** Characters in a line; undefined: nobody looks at it, and nothing is cut. */
  readonly width: number | undefined;
  readonly colours: boolean;
}

const GAP = '  ';
/** Of a column that is cut. */
const LEAST = 6;

/** A table as lines, each with its end. Cells hold no colours; what would move the cursor is taken out of them. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], look: Look): string {
  const cells = rows.map((row) => columns.map((_column, place) => plain(row[place] ?? '')));
  const wanted = columns.map(({ title }, place) =>
    Math.max(...[title, ...cells.map((row) => row[place] ?? '')].map(widthOf)),
  );
  const widths = look.width === undefined ? wanted : fitted(columns, wanted, look.width);
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, place) => padded(row[place] ?? '', widths[place] ?? 0, align))
      .join(GAP)
      .trimEnd();
  const title = line(columns.map((column) => column.title));
  return [emphasised('bold', title, look), ...cells.map(line)].map((text) => `${text}\n`).join('');
}

/** Facts about one thing as lines: what it is, and behind all of these what it says. */
export function listing(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}\n`).join('');
}

/** A text in bold or dim, where there are colours. */
export const emphasised = (how: 'bold' | 'dim' | 'red' | 'yellow', text: string, { colours }: Look): string =>
  colours ? styleText(how, text, { validateStream: false }) : text;

/** What is shown of a text that came from elsewhere: one line, and nothing that a terminal would obey. */
export const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{C}|\s/gu, ' ');

/** Takes from the widest column that may be cut, one character after the other, until the table fits or nothing more can be taken. */
function fitted(columns: readonly Column[], wanted: readonly number[], width: number): readonly number[] {
  const widths = [...wanted];
  const total = (): number => widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = Math.max(...widths.filter((_width, place) => columns[place]?.fits === true));
    const place = widths.findIndex((one, place) => one === widest && columns[place]?.fits === true);
    if (place < 0 || widest <= LEAST) break;
    widths[place] = widest - 1;
  }
  return widths;
}

const segmenter = new Intl.Segmenter('nb', { granularity: 'grapheme' });
const charactersOf = (text: string): readonly string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);
const widthOf = (text: string): number => charactersOf(text).length;

function padded(text: string, width: number, align: Column['align']): string {
  const characters = charactersOf(text);
  if (characters.length > width) return `${characters.slice(0, width - 1).join('')}…`;
  const space = ' '.repeat(width - characters.length);
  return align === 'right' ? space + text : text + space;
}
