import type { Frame } from '../html/layout.ts';
import type { Links } from './static-texts/links.ts';

/** Who runs this installation, as its configuration tells. */
export interface Operator {
  readonly operatorName: string;
  readonly operatorEmail: string;
}

/** Where the texts of a page lead to. */
export const linksOf = ({ portalUrl }: Frame, { operatorName, operatorEmail }: Operator): Links => ({
  debt: `${portalUrl}/`,
  consents: `${portalUrl}/consents`,
  accesses: `${portalUrl}/accesses`,
  myData: `${portalUrl}/my-data.json`,
  help: `${portalUrl}/help`,
  operatorName,
  operatorEmail,
});
