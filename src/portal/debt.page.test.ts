import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debtIn, loans, says, wordsIn } from '../../test/support/portal-pages.ts';
import type { Loan } from '../creditors/loan.ts';
import { money } from '../html/format.ts';
import { languages } from '../html/language.ts';

test('B1: what is unknown is told as unknown, before the sum and in the table, and is nowhere 0', () => {
  const page = wordsIn(debtIn('nb', [says('Svarer', true, [loans[0] as Loan]), says('Tier', false, null)]));
  assert.match(page, /Én av to långivere svarte ikke/);
  assert.ok(page.indexOf('svarte ikke') < page.indexOf('Du skylder til sammen'));
  assert.match(page, /Hva du skylder Tier ?, er ukjent\./);
  assert.match(page, /Du skylder til sammen 182 400 kr Det du kan skylde Tier, er ukjent og ikke regnet med\./);
  assert.match(page, /Tier (Ukjent ){5}/);
  const unknown = wordsIn(debtIn('nb', [says('Tier', false, null)]));
  assert.match(unknown, /Långiveren svarte ikke/);
  assert.match(unknown, /Du skylder til sammen Ukjent/);
  assert.doesNotMatch(unknown, /\b0 kr/);
});

test('B1: of a creditor that did not answer it is told how old its figures are, before the sum', () => {
  const page = wordsIn(debtIn('en', [says('Silent', false, loans)]));
  assert.match(page, /The figures from Silent are from 24 November 2026 at 04:00 \(today\)/);
  assert.ok(page.indexOf('(today)') < page.indexOf('You owe in total'));
  const all = wordsIn(debtIn('nb', [says('A', false, loans), says('B', false, loans)]));
  assert.match(all, /Ingen av de to långiverne svarte/);
  assert.doesNotMatch(wordsIn(debtIn('nb', [says('A', true, loans)])), /svarte ikke/);
});

test('B1: interest is nominal, is told of what has it, and is never called effective', () => {
  for (const language of languages) {
    const page = wordsIn(debtIn(language, [says('A', true, loans)]));
    assert.match(page, language === 'en' ? /Nominal interest/ : /Nominell rente/);
    assert.doesNotMatch(page, /effekti|effecti/i);
  }
});

test('B1: co-borrowers are told in words, and that joint debt is counted in full, only where there is any', () => {
  const joint = wordsIn(debtIn('nb', [says('A', true, loans)]));
  for (const sentence of ['Du er medlåntaker', 'Du har en medlåntaker', 'er regnet med i sin helhet']) {
    assert.ok(joint.includes(sentence), sentence);
  }
  assert.doesNotMatch(wordsIn(debtIn('nb', [says('A', true, [loans[3] as Loan])])), /medlåntaker|i sin helhet/);
});

test('B1: the bars say in words what they show, the largest is as long as the space, and the smallest can be seen', () => {
  const page = debtIn('nb', [
    says('A', true, [...loans, { ...(loans[3] as Loan), nonInterestBearingBalance: 1 } as Loan]),
  ]);
  const bars = [...page.text.matchAll(/<svg class="share".*?<\/svg>/gs)].map(([bar]) => bar);
  const widths = bars.map((bar) => Number(/width="([\d.]+)"/.exec(bar)?.[1]));
  assert.deepEqual(widths, [1000, 226.3, 35.1, 6]);
  assert.match(bars[0] ?? '', /<title>A: 79\s% av det du skylder<\/title>/);
  assert.match(bars[3] ?? '', /<title>A: &lt; 1\s% av det du skylder<\/title>/);
  const split = /<svg class="split".*?<\/svg>/s.exec(page.text)?.[0] ?? '';
  const parts = [...split.matchAll(/x="([\d.]+)"\s+width="([\d.]+)"/g)].map(([, x, width]) => [
    Number(x),
    Number(width),
  ]);
  const [[x1 = 0, w1 = 0] = [], [x2 = 0, w2 = 0] = [], [x3 = 0, w3 = 0] = []] = parts;
  assert.equal(parts.length, 3);
  assert.ok(x1 === 0 && x1 + w1 < x2 && x2 + w2 < x3, 'the parts follow each other with a gap between them');
  assert.ok(Math.abs(x3 + w3 - 1000) < 0.5, 'and fill the whole');
  assert.match(split, new RegExp(`<desc>Forbrukslån: ${money('nb', 182_400_00)}\\. `));
});
