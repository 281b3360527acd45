import type { Description } from './description.ts';

/**
 * Moves schemas that have a name as their title (`DebtError`) to the components, where they stand once, and refers to them. Two of one name
 * that are not the same stay where they are.
 */
export function hoistNamed(description: Description): Description {
  const named = new Map<string, unknown>();
  const differ = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const inner of Object.values(value)) collect(inner);
    const name = nameOf(value);
    if (name === undefined) return;
    if (named.has(name) && JSON.stringify(named.get(name)) !== JSON.stringify(value)) differ.add(name);
    named.set(name, value);
  };
  collect(description.paths);
  collect(description.webhooks);

  const referred = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(referred);
    if (typeof value !== 'object' || value === null) return value;
    const name = nameOf(value);
    return name === undefined || differ.has(name) ? within(value) : { $ref: `#/components/schemas/${name}` };
  };
  const within = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, key === 'examples' ? inner : referred(inner)]),
    );

  const schemas = [...named].filter(([name]) => !differ.has(name)).toSorted(([a], [b]) => a.localeCompare(b));
  const { paths, webhooks } = within({ paths: description.paths, webhooks: description.webhooks }) as Description;
  return {
    ...description,
    paths,
    ...(webhooks === undefined ? {} : { webhooks }),
    components: {
      ...description.components,
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, within(schema as object)])),
    },
  };
}

/** Of a schema only: what is called like a type, and is an object or one of several. */
function nameOf(value: object): string | undefined {
  const { title } = value as { title?: unknown };
  const isSchema = 'type' in value || 'anyOf' in value || 'oneOf' in value;
  return isSchema && typeof title === 'string' && /^[A-Z][A-Za-z]+$/.test(title) ? title : undefined;
}
