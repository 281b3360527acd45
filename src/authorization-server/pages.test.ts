import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { archiveReasons } from '../consent/consent.ts';
import { consentText } from '../consent-request/consent-text.ts';
import type { Html } from '../html/html.ts';
import { languages, type Language } from '../html/language.ts';
import type { Frame } from '../html/layout.ts';
import { consentScreen } from './consent-screen.page.ts';
import { handOver } from './hand-over.page.ts';
import { stopPage, type Stop } from './stops.page.ts';

const TRACE = '0198c1f2a3b44d5e9f60718293a4b5c6';
const BACK = 'http://localhost:4000/oauth2/auth/0123?a=1&b=2';
const MARKUP = `<b onclick="x()">Bank</b> & 'Sønner' "AS"`;
const until = new Date('2026-12-20T13:17:00.000Z');

const frameIn = (language: Language): Frame => ({
  language,
  address: '/interaction/0123',
  sandbox: true,
  portalUrl: 'http://localhost:4000',
  traceId: TRACE,
  signedIn: { name: 'Lise Fjell', born: '02.11.1984', signOut: { action: '/interaction/0123/logout', csrf: 'c' } },
  section: null,
});

const textIn = (language: Language, client: string, askedDays: number | null) =>
  consentText({
    language,
    client: { name: client, organisationNumber: '314159276' },
    purpose: 'presentation',
    askedDays,
    now: new Date('2026-11-22T13:17:00.000Z'),
    answerBy: new Date('2026-11-22T13:32:00.000Z'),
  });
const screenIn = (language: Language, client: string, askedDays: number | null, notice: 'text_changed' | null = null) =>
  consentScreen(frameIn(language), {
    text: textIn(language, client, askedDays),
    action: '/interaction/0123/answer',
    csrf: 'proof',
    shown: 'hash',
    notice,
  });

const decisions = ['approved', 'declined', 'cancelled', 'failed', 'expired'] as const;
const problems = ['client', 'redirect', 'request', 'other'] as const;
const stopsFor = (client: string): Readonly<Record<string, Stop>> => {
  const to = { client, back: BACK };
  const answered = { kind: 'already_answered', ...to, portal: 'http://localhost:4000/consents' } as const;
  return {
    expired: { kind: 'expired', ...to },
    'expired, no way back': { kind: 'expired', client, back: null },
    active: { ...answered, outcome: 'approved', state: { active: true, until } },
    'approved and gone': { ...answered, outcome: 'approved', state: null },
    ...Object.fromEntries(
      archiveReasons.map((reason) => [
        `gone: ${reason}`,
        { ...answered, outcome: 'approved', state: { active: false, reason, since: until } } satisfies Stop,
      ]),
    ),
    declined: { ...answered, outcome: 'declined', state: null },
    cancelled: { ...answered, outcome: 'cancelled', state: null },
    failed: { ...answered, outcome: 'failed', state: null },
    signed_out: { kind: 'signed_out', client, again: '/interaction/0123' },
    answered_elsewhere: { kind: 'answered_elsewhere', ...to },
    someone_else: { kind: 'someone_else', ...to },
    ...Object.fromEntries(
      problems.map((problem) => [`bad_link ${problem}`, { kind: 'bad_link', problem } satisfies Stop]),
    ),
    login_failed: { kind: 'login_failed', ...to, again: '/interaction/0123' },
    switched_off: { kind: 'switched_off', ...to },
    unknown: { kind: 'unknown' },
  };
};

/** Every page of this folder, by a name for failures. */
function pagesIn(language: Language, client: string): Readonly<Record<string, Html>> {
  const frame = frameIn(language);
  return {
    'consent for days': screenIn(language, client, 28),
    'consent for one day': screenIn(language, client, 1),
    'consent for once': screenIn(language, client, null),
    'consent, changed': screenIn(language, client, 365, 'text_changed'),
    ...Object.fromEntries(
      decisions.map((what) => [`hand-over ${what}`, handOver(frame, { client, what, next: BACK })]),
    ),
    ...Object.fromEntries(Object.entries(stopsFor(client)).map(([name, stop]) => [name, stopPage(frame, stop)])),
  };
}

const every = (client: string) =>
  languages.flatMap((language) =>
    Object.entries(pagesIn(language, client)).map(([name, page]) => ({
      name: `${name} (${language})`,
      language,
      page,
    })),
  );
const titleOf = (page: Html): string => /<h1[^>]*>([^<]*)<\/h1>/.exec(page.text)?.[1] ?? '';
const mainOf = (page: Html): string => /<main[^]*<\/main>/.exec(page.text)?.[0] ?? '';

// Off is what is about how HTML is laid out, which nobody reads; hashes of our own styles, whose address is their hash; and the
// length of titles, which is for search engines: these hold the question, and the question an organisation's name.
const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document'],
    elements: ['html5'],
    rules: { 'doctype-style': 'off', 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

test('A10: every page of the redirect flow is valid HTML, with one h1 that is its title, and nothing inline', async () => {
  for (const { name, language, page } of every('Fjordbanken ASA')) {
    const { results } = await validator.validateString(page.text);
    assert.deepEqual(
      results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`)),
      [],
      name,
    );
    assert.equal(page.text.match(/<h1/g)?.length, 1, name);
    assert.ok(page.text.includes(`<title>${titleOf(page)} – `), name);
    assert.ok(page.text.includes(`<html lang="${language}"`), name);
    assert.doesNotMatch(page.text, /<script|<style|\sstyle=|\son\w+=|javascript:/i, name);
    assert.doesNotMatch(page.text, /undefined|NaN|Invalid Date|\[object|\$\{/, name);
  }
});

test('E1: markup in what an organisation is called is text on every page', () => {
  const escaped = '&lt;b onclick=&quot;x()&quot;&gt;Bank&lt;/b&gt; &amp; &#39;Sønner&#39; &quot;AS&quot;';
  for (const { name, page } of every(MARKUP)) {
    assert.doesNotMatch(page.text, /<b[ >]|onclick="/, name);
    if (!/^(bad_link|unknown)/.test(name)) assert.ok(mainOf(page).includes(escaped), name);
  }
});

test('A10: yes and no differ in their value and their words, and in nothing else', () => {
  for (const language of languages) {
    for (const days of [null, 1, 28]) {
      const text = textIn(language, 'Fjordbanken ASA', days);
      const buttons = [
        ...mainOf(screenIn(language, 'Fjordbanken ASA', days)).matchAll(/<button([^>]*)>([^<]*)<\/button>/g),
      ]
        .map(([, attributes = '', words]) => ({ attributes, words }))
        .filter(({ attributes }) => attributes.includes('name="answer"'));
      assert.deepEqual(
        buttons.map(({ words }) => words),
        [text.yes, text.no],
      );
      const [yes, no] = buttons.map(({ attributes }) => attributes);
      assert.match(yes ?? '', / value="yes"/);
      assert.equal(yes?.replace('"yes"', '"no"'), no);
    }
  }
});

test('A10: the answer is one form, with proof of where it comes from and of what was read; there is no box to tick and no field to fill', () => {
  for (const days of [null, 28]) {
    const main = mainOf(screenIn('nb', 'Fjordbanken ASA', days));
    assert.equal(main.match(/<form /g)?.length, 1);
    assert.match(main, /<form method="post" action="\/interaction\/0123\/answer">/);
    assert.match(main, /<input type="hidden" name="csrf" value="proof">/);
    assert.match(main, /<input type="hidden" name="shown" value="hash">/);
    assert.doesNotMatch(main, /checkbox|<textarea|<select|type="text"/);
  }
});

test('A7: the duration that was asked for is chosen until another one is; where there is no choice, it is sent along', () => {
  const main = mainOf(screenIn('nb', 'Fjordbanken ASA', 28));
  const choices = [...main.matchAll(/<input type="radio"[^>]* name="days" value="(\w+)"( checked)?>/g)];
  assert.deepEqual(
    choices.map(([, value, checked]) => [value, checked !== undefined]),
    [
      ['28', true],
      ['7', false],
      ['1', false],
    ],
  );
  assert.match(main, /<fieldset[^>]*>\s*<legend[^>]*>Velg hvor lenge<\/legend>/);
  assert.match(mainOf(screenIn('nb', 'Fjordbanken ASA', null)), /<input type="hidden" name="days" value="once">/);
  assert.match(mainOf(screenIn('nb', 'Fjordbanken ASA', 1)), /<input type="hidden" name="days" value="1">/);
});

test('A10: Enter on a duration answers nothing: the button that it presses does nothing', () => {
  const main = mainOf(screenIn('nb', 'Fjordbanken ASA', 28));
  const [first] = /<button[^>]*>/.exec(main) ?? [];
  assert.equal(first, '<button type="submit" formmethod="dialog" hidden>');
});

test('A10: whoever answered an outdated text is told that it was not taken, before the question', () => {
  for (const language of languages) {
    const main = mainOf(screenIn(language, 'Fjordbanken ASA', 28, 'text_changed'));
    assert.ok(main.indexOf('ds-alert') < main.indexOf('<h1'));
    assert.doesNotMatch(mainOf(screenIn(language, 'Fjordbanken ASA', 28)), /ds-alert/);
  }
});

test('A8: a hand-over says what was decided, leads on by itself, and has a link for browsers that do not', () => {
  for (const language of languages) {
    const titles = decisions.map((what) => {
      const page = handOver(frameIn(language), { client: 'Fjordbanken ASA', what, next: BACK });
      const next = BACK.replace('&', '&amp;');
      assert.ok(page.text.includes(`<meta http-equiv="refresh" content="0; url=${next}">`));
      assert.ok(mainOf(page).includes(`<a class="ds-button" href="${next}">`));
      return titleOf(page);
    });
    assert.equal(new Set(titles).size, decisions.length);
  }
});

test('A8: what stops a request is told by a page of its own: no two kinds have the same title', () => {
  for (const language of languages) {
    const titles = new Map<string, string>();
    for (const stop of Object.values(stopsFor('Fjordbanken ASA'))) {
      const kind = stop.kind === 'already_answered' ? `answered ${stop.outcome}` : stop.kind;
      const title = titleOf(stopPage(frameIn(language), stop));
      const known = titles.get(title);
      assert.ok(known === undefined || known === kind, `${kind} and ${known}: ${title}`);
      titles.set(title, kind);
    }
    assert.equal(titles.size, 12);
  }
});

test('A8: a stop leads back where it may, and only there', () => {
  const links = (stop: Stop | undefined) => {
    assert.ok(stop !== undefined);
    return [...mainOf(stopPage(frameIn('nb'), stop)).matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    );
  };
  const stops = stopsFor('Fjordbanken ASA');
  assert.deepEqual(links(stops['expired']), [BACK]);
  assert.deepEqual(links(stops['expired, no way back']), ['http://localhost:4000/']);
  assert.deepEqual(links(stops['active']), [BACK, 'http://localhost:4000/consents']);
  assert.deepEqual(links(stops['declined']), [BACK]);
  assert.deepEqual(links(stops['signed_out']), ['/interaction/0123']);
  assert.deepEqual(links(stops['someone_else']), [BACK]);
  assert.deepEqual(links(stops['answered_elsewhere']), ['http://localhost:4000/consents']);
  assert.deepEqual(links(stops['login_failed']), ['/interaction/0123', BACK]);
  assert.deepEqual(links(stops['switched_off']), [BACK]);
  assert.deepEqual(links(stops['unknown']), ['http://localhost:4000/']);
  for (const problem of problems) assert.deepEqual(links(stops[`bad_link ${problem}`]), ['http://localhost:4000/']);
});

test('C1: whoever answered before is told what is true of the consent now', () => {
  const stops = stopsFor('Fjordbanken ASA');
  const says = (name: string): string => {
    const stop = stops[name];
    assert.ok(stop !== undefined);
    return mainOf(stopPage(frameIn('nb'), stop)).replaceAll('\u00A0', ' ');
  };
  assert.match(says('active'), /Samtykket gjelder til 20\. desember 2026 kl\. 14\.17\./);
  assert.match(says('gone: used'), /Samtykket ble brukt 20\. desember 2026 kl\. 14\.17\./);
  assert.match(says('gone: expired'), /Samtykket gikk ut 20\. desember 2026 kl\. 14\.17/);
  assert.match(says('gone: revoked_by_client'), /Fjordbanken ASA trakk samtykket 20\. desember/);
  assert.match(says('gone: revoked_by_person'), /Du trakk samtykket 20\. desember/);
  assert.match(says('gone: revoked_by_operator'), /Vi avsluttet samtykket 20\. desember/);
  for (const name of ['active', 'approved and gone', ...archiveReasons.map((reason) => `gone: ${reason}`)]) {
    assert.doesNotMatch(says(name), /Ingenting er delt/, 'something may have been');
  }
});

test('E1: a page about trouble gives the reference that finds its log lines; one about what the person did gives none', () => {
  const without = /^(active|approved|gone|declined|cancelled|signed_out|someone_else|answered_elsewhere)/;
  for (const [name, stop] of Object.entries(stopsFor('Fjordbanken ASA'))) {
    assert.equal(mainOf(stopPage(frameIn('nb'), stop)).includes(TRACE), !without.test(name), name);
  }
});

test('A8: a wrong link is explained to people, and to developers by the parameter that is wrong', () => {
  for (const language of languages) {
    const details = problems.map((problem) => {
      const main = mainOf(stopPage(frameIn(language), { kind: 'bad_link', problem }));
      return /<details[^]*<\/details>/.exec(main)?.[0] ?? '';
    });
    assert.match(details[0] ?? '', /<code>client_id<\/code>/);
    assert.match(details[1] ?? '', /<code>redirect_uri<\/code>/);
    assert.match(details[2] ?? '', /<code>request_uri<\/code>/);
    assert.match(details[3] ?? '', /<code>state<\/code>/);
  }
});
