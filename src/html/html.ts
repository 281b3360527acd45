/** A piece of HTML that is safe to put into a page: made by the `html` tag only, so that whatever came from outside is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template. `null` and `false` print nothing; `undefined` is refused by its type, since it is a mistake. */
export type HtmlValue = string | number | Html | null | false | readonly HtmlValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * HTML from a template, with every value escaped for text and for quoted attributes alike. Attributes are always quoted; nothing
 * is ever put into a script, a style or an unquoted place, which pages do not have. Throws for `undefined` and for numbers that
 * are none, whatever the types were told: neither may reach a page.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  values.forEach((value, place) => {
    text += printed(value) + (strings[place + 1] ?? '');
  });
  return new Html(text);
}

function printed(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return value.replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (value === null || value === false) return '';
  if (Array.isArray(value)) return value.map(printed).join('');
  throw new TypeError(`a page cannot show ${typeof value}`);
}
