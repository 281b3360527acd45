import { html, type Html } from '../../html/html.ts';

/** Where texts lead to, and whom they tell people to write to. */
export interface Links {
  readonly debt: string;
  readonly consents: string;
  readonly accesses: string;
  readonly myData: string;
  readonly help: string;
  readonly operatorName: string;
  readonly operatorEmail: string;
}

/** A link in a running text. */
export const link = (address: string, words: string): Html => html`<a href="${address}">${words}</a>`;

export const mail = (address: string): Html => link(`mailto:${address}`, address);
