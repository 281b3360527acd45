import type { Access } from '../audit/access-log.ts';
import type { Language } from '../html/language.ts';
import { purposeWords } from './consent-words.ts';
import { BYTE_ORDER_MARK, csvRows } from './csv.ts';
import { sortableTime } from './days.ts';
import { texts } from './texts.ts';

/** How the file begins: its mark, and the names of the columns. */
export const accessesCsvHead = (language: Language): string =>
  BYTE_ORDER_MARK + csvRows([texts[language].accesses.csv.columns]);

/** Who has looked, as rows for spreadsheets: the same as the page, with times that can be sorted. */
export function accessesCsv(language: Language, accesses: readonly Access[]): string {
  const { accesses: words } = texts[language];
  return csvRows(
    accesses.map(({ at, by, consentId, purpose, creditorsAsked, creditorsAnswered }) => [
      sortableTime(at),
      by === null ? words.you : by.name,
      by === null ? '' : by.organisationNumber,
      by === null ? words.ownVisit : words.csv.consent,
      purposeWords(language, purpose),
      consentId ?? '',
      creditorsAsked,
      creditorsAnswered,
    ]),
  );
}
