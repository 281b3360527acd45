import type { Creditor, CreditorContact } from '../src/creditors/creditor.ts';

/** A creditor of the sandbox before its server has an address. */
export interface SandboxCreditor extends Omit<Creditor, 'baseUrl' | 'clientCertificate'> {
  /** Its share of the generator's loans, as a weight: a few creditors hold most of them, many hold few. */
  readonly weight: number;
}

/** The organisation numbers (synthetic: they begin with 2 or 3, as Tenor's do) by a short name for the test persons' data. */
export const creditorIds = {
  lyngtind: '210437185',
  havsule: '211872543',
  tindelys: '213509624',
  nordvake: '215290417',
  multebaer: '217468132',
  rimtind: '218933572',
  solvarde: '220156842',
  kvitfjaer: '223781918',
  bekkelauv: '310472654',
  steinskvett: '310628492',
  ulvehi: '311205730',
  granbar: '312984164',
  varmestuen: '313457028',
  tjeldvik: '314901398',
  vardeblink: '315739268',
  sildegarn: '316882544',
} as const;

/** Two invented data centres that deliver for others than themselves. */
const tunet = '9908:318465711';
const dataloftet = '9908:319290834';

const own = (id: string): string => `9908:${id}`;

const listed: readonly Omit<SandboxCreditor, 'contact'>[] = [
  { id: creditorIds.lyngtind, name: 'Lyngtind Kredittbank ASA', providerId: own(creditorIds.lyngtind), weight: 240 },
  { id: creditorIds.havsule, name: 'Havsule Finans AS', providerId: own(creditorIds.havsule), weight: 170 },
  { id: creditorIds.tindelys, name: 'Tindelys Kort ASA', providerId: own(creditorIds.tindelys), weight: 130 },
  { id: creditorIds.nordvake, name: 'Nordvake Forbrukslån AS', providerId: own(creditorIds.nordvake), weight: 100 },
  { id: creditorIds.multebaer, name: 'Multebær Betalingskort AS', providerId: own(creditorIds.multebaer), weight: 80 },
  { id: creditorIds.rimtind, name: 'Rimtind Kreditt AS', providerId: own(creditorIds.rimtind), weight: 62 },
  { id: creditorIds.solvarde, name: 'Solvarde Folkekreditt ASA', providerId: own(creditorIds.solvarde), weight: 50 },
  { id: creditorIds.kvitfjaer, name: 'Kvitfjær Finansiering AS', providerId: own(creditorIds.kvitfjaer), weight: 40 },
  { id: creditorIds.bekkelauv, name: 'Bekkelauv Sparekreditt', providerId: tunet, weight: 32 },
  { id: creditorIds.steinskvett, name: 'Steinskvett Kort AS', providerId: own(creditorIds.steinskvett), weight: 26 },
  { id: creditorIds.ulvehi, name: 'Ulvehi Delbetaling AS', providerId: own(creditorIds.ulvehi), weight: 20 },
  { id: creditorIds.granbar, name: 'Granbar Sparekreditt', providerId: tunet, weight: 16 },
  { id: creditorIds.varmestuen, name: 'Varmestuen Lån AS', providerId: dataloftet, weight: 12 },
  { id: creditorIds.tjeldvik, name: 'Tjeldvik Sparekreditt', providerId: tunet, weight: 10 },
  { id: creditorIds.vardeblink, name: 'Vardeblink Finans AS', providerId: dataloftet, weight: 7 },
  { id: creditorIds.sildegarn, name: 'Sildegarn Medlemskort SA', providerId: own(creditorIds.sildegarn), weight: 5 },
];

/** An address below `.example`, and a number that begins as no Norwegian one does: nobody is reached by either. */
function contactOf(id: string, place: number): CreditorContact {
  const [shortName = id] = Object.entries(creditorIds).find(([, known]) => known === id) ?? [];
  return { email: `kundeservice@${shortName}.example`, phone: `+47 00 70 10 ${String(place).padStart(2, '0')}` };
}

/** The sandbox's creditors (X3), all invented. Five of them share two providers; the others deliver for themselves. */
export const sandboxCreditors: readonly SandboxCreditor[] = listed.map((creditor, place) => ({
  ...creditor,
  contact: contactOf(creditor.id, place + 1),
}));
