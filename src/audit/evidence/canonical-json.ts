export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** The one text of a JSON value (JCS, RFC 8785): members in the order of their UTF-16 codes, no blanks, strings and numbers as ECMAScript writes them. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

const isList = (value: readonly Json[] | { readonly [member: string]: Json }): value is readonly Json[] =>
  Array.isArray(value);
