import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html, type HtmlValue } from './html.ts';

const MARKUP = `<script>alert("1")</script> & 'x' onload="y"`;
const ESCAPED = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; onload=&quot;y&quot;';

test('E1: markup in a value is text, between tags and in attributes', () => {
  assert.equal(html`<p>${MARKUP}</p>`.text, `<p>${ESCAPED}</p>`);
  assert.equal(html`<a href="${MARKUP}" title="${MARKUP}">x</a>`.text, `<a href="${ESCAPED}" title="${ESCAPED}">x</a>`);
});

test('E1: a template in a template is escaped once', () => {
  const name = html`<strong>${'A & B'}</strong>`;
  assert.equal(html`<p>${name}</p>`.text, '<p><strong>A &amp; B</strong></p>');
  assert.equal(html`${'&amp;'}`.text, '&amp;amp;');
});

test('E1: lists are printed one after the other, however deep, and each value in them is escaped', () => {
  assert.equal(html`<ul>${[html`<li>1</li>`, ['<', [2, html`<br>`]]]}</ul>`.text, '<ul><li>1</li>&lt;2<br></ul>');
  assert.equal(html`${[]}`.text, '');
});

test('E1: null and false print nothing, and 0 prints 0', () => {
  assert.equal(html`a${null}b${false}c${0}`.text, 'abc0');
});

test('E1: what is no text never reaches a page, whatever the types were told', () => {
  const wrong: readonly unknown[] = [undefined, Number.NaN, Infinity, true, {}, new Date(0), () => '', Symbol('x'), 1n];
  for (const value of wrong) {
    assert.throws(() => html`<p>${value as HtmlValue}</p>`, TypeError);
    assert.throws(() => html`<p>${[['x', value as HtmlValue]]}</p>`, TypeError);
  }
});

test('E1: an object cannot pass for a template by its form', () => {
  const alike: HtmlValue = { text: '<b>' };
  assert.throws(() => html`${alike}`, TypeError);
});
