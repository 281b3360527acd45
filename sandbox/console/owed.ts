import { owedOn } from '../../src/portal/debt-overview.ts';
import type { Loan } from '../../src/creditors/loan.ts';
import { sandboxCreditors } from '../creditor-list.ts';
import type { Behaviour } from '../creditor-servers.ts';
import { dated } from '../holding.ts';
import { testPersons, type TestPerson } from '../people.ts';
import type { SandboxWorld } from '../sandbox-world.ts';

/** A loan of a test person in the books of its creditor, and what becomes of a question about it. */
export interface OwedRow {
  readonly creditorId: string;
  readonly creditorName: string;
  readonly loan: Loan;
  readonly owed: number;
  /** Whether its creditor answers for this person at all, and has delivered what it knows. */
  readonly live: boolean;
  readonly delivered: boolean;
  readonly behaviour: Behaviour;
}

export interface PersonShown {
  readonly person: TestPerson;
  readonly rows: readonly OwedRow[];
  readonly total: number;
  readonly creditors: number;
}

/** What the creditors' books say of each test person, pushed loans included; `at`: as drawn then. Nothing is asked or logged. */
export const owedByPersons = (world: SandboxWorld, at: Date): readonly PersonShown[] =>
  testPersons.map((person) => {
    const rows = sandboxCreditors.flatMap(({ id, name }): readonly OwedRow[] => {
      const holding = person.holdings.find(({ creditorId }) => creditorId === id);
      const { live = true, delivered = true } = holding ?? {};
      const behaviour = world.servers.behaviourOf(id) ?? 'normal';
      return world.pushed.merged(id, person.nin, dated(holding?.loans ?? [], at)).map((loan) => ({
        creditorId: id,
        creditorName: name,
        loan,
        owed: owedOn(loan),
        live,
        delivered,
        behaviour,
      }));
    });
    return {
      person,
      rows: rows.toSorted((a, b) => b.owed - a.owed),
      total: rows.reduce((sum, { owed }) => sum + owed, 0),
      creditors: new Set(rows.map(({ creditorId }) => creditorId)).size,
    };
  });
