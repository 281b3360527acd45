import { testPersons } from '../people.ts';

/**
 * Birth dates that TestID tells, as some login providers do and others do not: pages must do well either way.
 */
const birthDates: Readonly<Record<string, string>> = {
  '14842249091': '1922-04-14',
  '29868099311': '1980-06-29',
  '07857193886': '1971-05-07',
  '19828891203': '1988-02-19',
  '23879191211': '1991-07-23',
  '05886791269': '1967-08-05',
};

/** What TestID knows of a person: the number of anybody; of the test persons a name too and, of all but one, a date of birth. */
export function claimsOfPerson(nin: string): Record<string, string> {
  const name = testPersons.find((person) => person.nin === nin)?.name;
  const birthdate = birthDates[nin];
  return { pid: nin, ...(name === undefined ? {} : { name }), ...(birthdate === undefined ? {} : { birthdate }) };
}
