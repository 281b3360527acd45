/*
 * Draws the reference where the page has its plain list of calls. Not inline, because the page's policy forbids that; the script before
 * this one is Scalar's.
 */
const settings = JSON.parse(document.querySelector('#settings').textContent);
document.querySelector('#reference').replaceChildren();
globalThis.Scalar.createApiReference('#reference', settings);
