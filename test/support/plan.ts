import type pg from 'pg';

/** One step of a plan, as PostgreSQL tells it. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * How a statement is planned: of what `explain` is told about it in `options`. A change that is made by that is undone. Throws what is wrong with
 * the statement.
 */
export async function explained(
  client: pg.Client,
  text: string,
  { options = '', values = [] as readonly unknown[] } = {},
): Promise<PlanNode> {
  await client.query('begin');
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (format json${options}) ${text}`,
      [...values],
    );
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error('PostgreSQL told no plan');
    return plan;
  } finally {
    await client.query('rollback');
  }
}

/** All steps of a plan, each with the one above it. */
export function stepsOf(
  plan: PlanNode,
  above?: PlanNode,
): readonly (readonly [step: PlanNode, above: PlanNode | undefined])[] {
  return [[plan, above], ...(plan.Plans ?? []).flatMap((part) => stepsOf(part, plan))];
}
