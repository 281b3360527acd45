import { scaleLinear } from 'd3-scale';
import { stack } from 'd3-shape';
import { html, type Html } from '../html/html.ts';
import type { LoanType } from './debt-overview.ts';

/** The order in which the kinds of debt are drawn and listed. */
export const loanTypes = ['repaymentLoan', 'creditFacility', 'chargeCard'] as const satisfies readonly LoanType[];

/** Colours come from the stylesheet, by class: no style is ever inline. */
const classOf: Readonly<Record<LoanType, string>> = {
  repaymentLoan: 'kind-loan',
  creditFacility: 'kind-credit',
  chargeCard: 'kind-card',
};

const WIDTH = 1000;
/** However small a share is, it can be seen. */
const LEAST = 6;

/** A bar for one amount beside the largest of them. It says in words what it shows; the number stands beside it in the table. */
export function shareBar(share: { type: LoanType; owed: number; largest: number; words: string }): Html | null {
  if (share.owed === 0) return null;
  const scale = scaleLinear([0, share.largest], [0, WIDTH]);
  const width = Math.max(LEAST, round(scale(share.owed)));
  return html`<svg class="share" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img">
<title>${share.words}</title>
<rect class="${classOf[share.type]}" width="${width}" height="10" />
</svg>`;
}

/**
 * All that is owed as one bar, in parts by kind, with a gap between them so that they are told apart without their colours. The
 * same numbers stand below it. None when nothing is owed.
 */
export function splitBar(split: {
  byType: Readonly<Record<LoanType, number>>;
  title: string;
  describe: (type: LoanType) => string;
}): Html | null {
  const owed = loanTypes.filter((type) => split.byType[type] > 0);
  const total = owed.reduce((sum, type) => sum + split.byType[type], 0);
  if (total === 0) return null;
  const gap = 4;
  const scale = scaleLinear([0, total], [0, WIDTH - gap * (owed.length - 1)]);
  const parts = stack<Readonly<Record<LoanType, number>>, LoanType>().keys(owed)([split.byType]);
  return html`<svg class="split" viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none" role="img">
<title>${split.title}</title>
<desc>${owed.map(split.describe).join('. ')}</desc>
${parts.flatMap((part, place) =>
  part.map(
    ([from, to]) =>
      html`<rect
        class="${classOf[part.key]}"
        x="${round(scale(from) + place * gap)}"
        width="${Math.max(LEAST, round(scale(to) - scale(from)))}"
        height="16"
      />`,
  ),
)}
</svg>`;
}

/** The mark by which a number is found in the bar. */
export const keyOf = (type: LoanType): Html =>
  html`<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="${classOf[type]}" width="10" height="10" /></svg>`;

const round = (length: number): number => Math.round(length * 10) / 10;
