import pg from 'pg';
import { answered, asked } from './db-silence.ts';

/**
 * A named statement as `pg` sends it, but its columns are asked for once on a connection and not by each of its calls: that spares the
 * server a description, and this side the making of parsers and of a copy of the statement. A name stands for one text for good, so its
 * columns stay as they are while a connection lives; where a change of tables alters them PostgreSQL refuses the statement (0A000).
 *
 * It leans on methods by which `pg.Query` and `pg.Client` call each other, and which their types do not tell: `db-query.int.test.ts` holds
 * them, should a new version do otherwise.
 */
export function queryNamed(
  client: pg.ClientBase,
  { name, text, isOfTexts = false }: { readonly name: string; readonly text: string; readonly isOfTexts?: boolean },
  values: unknown[],
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    asked(client);
    const query = new NamedQuery(name, text, values, (error, rows) => {
      answered(client);
      if (error === null) resolve(rows ?? []);
      else reject(error);
    });
    query.binary = isOfTexts;
    client.query(query);
  });
}

/** A name and what makes a value of its text. */
type Column = readonly [name: string, parse: (text: string) => unknown];

interface Wire {
  describe(what: object): void;
}

interface Known {
  /** Of statements, by their names. */
  readonly columns: Map<string, readonly Column[]>;
  /** The same connection, on which nothing is asked to be described. */
  readonly quiet: Wire;
}

const connections = new WeakMap<Wire, Known>();

function knownOf(wire: Wire): Known {
  const known = connections.get(wire) ?? {
    columns: new Map<string, readonly Column[]>(),
    quiet: Object.assign(Object.create(wire) as Wire, { describe: () => undefined }),
  };
  connections.set(wire, known);
  return known;
}

type Settle = (error: Error | null, rows?: unknown[]) => void;

interface Described {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/** What `pg` has in it that its types do not tell. */
interface Inside {
  name: string;
  /** Whether its columns come as bytes of PostgreSQL's own format, which of a text are the text. */
  binary: boolean;
  callback: Settle;
  prepare(wire: Wire): void;
}

class NamedQuery extends (pg.Query as unknown as new (
  text: string,
  values: unknown[],
  settle: Settle,
) => pg.Query & Inside) {
  #known: Known | undefined;
  #columns: readonly Column[] | undefined;
  #rows: unknown[] = [];
  #failure: Error | undefined;

  constructor(name: string, text: string, values: unknown[], settle: Settle) {
    super(text, values, settle);
    this.name = name;
  }

  override prepare(wire: Wire): void {
    this.#known = knownOf(wire);
    this.#columns = this.#known.columns.get(this.name);
    super.prepare(this.#columns === undefined ? wire : this.#known.quiet);
  }

  handleRowDescription({ fields }: Described): void {
    this.#columns = fields.map(({ name, dataTypeID }) => [name, types.getTypeParser(dataTypeID, 'text')]);
    this.#known?.columns.set(this.name, this.#columns);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== undefined) return;
    try {
      const row: Record<string, unknown> = {};
      const columns = this.#columns ?? [];
      for (let place = 0; place < columns.length; place += 1) {
        const [name, parse] = columns[place] as Column;
        const text = fields[place];
        row[name] = text === null || text === undefined ? null : parse(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('a value cannot be read');
    }
  }

  handleCommandComplete(): void {
    // What it has done is known from its rows.
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.callback(null, this.#rows);
    else this.callback(this.#failure);
  }
}

export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return parseSafeInteger;
    if (oid === pg.types.builtins.TIMESTAMPTZ && format !== 'binary') return parseInstant;
    return pg.types.getTypeParser(oid, format);
  }) as typeof pg.types.getTypeParser,
};

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint of the database is beyond 2^53');
  return value;
}

const parseAnyInstant = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text') as (text: string) => Date;

/** An instant of these centuries as PostgreSQL writes it in UTC is, but for a space, one that every engine reads; others go the longer way. */
function parseInstant(text: string): Date {
  if (text.length >= 22 && text.charCodeAt(4) === HYPHEN && text.endsWith('+00')) {
    const instant = Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
    if (!Number.isNaN(instant)) return new Date(instant);
  }
  return parseAnyInstant(text);
}
const HYPHEN = 45;
