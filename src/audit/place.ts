/** A place in a list that runs from new to old: what is of that time or before, but for the first `skip` of that very instant. */
export interface Place {
  readonly at: Date;
  readonly skip: number;
}

/**
 * The place after a page whose rows are of these times. Rows of one instant may lie on both sides of a page's end, and an id would
 * tell people how many rows there are of others; so they are counted. `from`: where the page itself began.
 */
export function placeAfter(times: readonly Date[], from: Place | undefined): Place | undefined {
  const last = times.at(-1);
  if (last === undefined) return undefined;
  const ofThatInstant = times.filter((time) => time.getTime() === last.getTime()).length;
  return { at: last, skip: ofThatInstant + (from?.at.getTime() === last.getTime() ? from.skip : 0) };
}
