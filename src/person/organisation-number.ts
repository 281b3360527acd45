const WEIGHTS = [3, 2, 7, 6, 5, 4, 3, 2] as const;

/** Whether `text` is a Norwegian organisation number: 9 digits, the last a mod 11 check digit. */
export function isOrganisationNumber(text: string): boolean {
  if (!/^\d{9}$/.test(text)) return false;
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(text.charAt(place)), 0);
  return (11 - (sum % 11)) % 11 === Number(text.charAt(8));
}
