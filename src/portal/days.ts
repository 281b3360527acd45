// Swedish writes them in the form that sorts. Taking what is formatted apart would cost several times as much.
const inOslo = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Oslo',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/**
 * How many times the date changes in Norway from one instant to another: 0 on the same day, 1 from one day to the next, however
 * many hours that is when the clocks are changed. Negative when `to` is on an earlier day.
 */
export const daysBetween = (from: Date, to: Date): number =>
  Math.round((Date.parse(dateOf(to)) - Date.parse(dateOf(from))) / 86_400_000);

/** The date in Norway, as `2026-11-22`. */
export const dateOf = (at: Date): string => sortableTime(at).slice(0, 10);

/** Date and time in Norway as spreadsheets read them, `2026-11-22 14:17:05`. */
export const sortableTime = (at: Date): string => inOslo.format(at);
