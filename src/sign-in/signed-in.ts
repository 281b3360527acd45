import type { Nin } from '../person/nin.ts';

/** Somebody who is signed in in one browser, for one use. */
export interface SignedIn {
  readonly nin: Nin;
  /** As the login provider told, if it did. */
  readonly name: string | null;
  /** As pages show it: `02.11.1984` when the provider told the date, else `02.11.84` as in the number, which does not tell the century. */
  readonly born: string;
  /** How sure the login provider is (its `acr`); empty when it does not say. */
  readonly level: string;
  /** `portal`, or the id of a consent request. */
  readonly usedFor: string;
  /** What forms of ours must bring back: see `checkCsrf`. */
  readonly csrf: string;
  readonly signedInAt: Date;
}
