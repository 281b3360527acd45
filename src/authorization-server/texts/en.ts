import { html } from '../../html/html.ts';
import type { nb } from './nb.ts';

export const en: typeof nb = {
  textChanged: {
    title: 'The text has changed since you opened the page',
    body: 'Your answer has not been recorded, and nothing has been shared. Read the text again, check how long the consent will last, and answer again.',
  },
  toClient: (client) => `Go to ${client}`,
  toConsent: 'See the consent on My debt',
  toPortal: 'Go to My debt',
  logIn: 'Log in again',
  reference: 'Reference if you contact us:',
  handOver: {
    returning: (client) => `You are now being returned to ${client}.`,
    stuck: 'If nothing happens, use the button.',
    approved: {
      title: 'You have consented',
      what: (client) =>
        `${client} can now fetch your debt information. You will find the consent on My debt, and can withdraw it there.`,
    },
    declined: {
      title: 'You said no',
      what: (client) => `Nothing has been shared. ${client} is told that you said no, and nothing more.`,
    },
    cancelled: {
      title: 'You cancelled the login',
      what: (client) => `Nothing has been shared. ${client} is told that you cancelled, and nothing more.`,
    },
    failed: {
      title: 'Something went wrong on our side',
      what: (client) =>
        `We could not complete the request. Nothing has been shared. You can start again with ${client}.`,
    },
    expired: {
      title: 'The time to answer is up',
      what: (client) => `Nothing has been shared. If you still want to answer, you can start again with ${client}.`,
    },
  },
  stops: {
    expired: {
      title: 'The request has expired',
      body: (client) => [
        'Too much time went by without an answer. Nothing has been shared.',
        `Go back to ${client} and start again if you still want to.`,
      ],
    },
    alreadyAnswered: {
      titles: {
        approved: 'You have already said yes',
        declined: 'You have already said no',
        cancelled: 'You have already cancelled',
        failed: 'The request has ended',
      },
      approved: (client) => `You have given ${client} one consent. Answering again does not give another.`,
      active: (until) => `The consent is valid until ${until}. You can withdraw it on My debt.`,
      ended: {
        used: (_client, since) =>
          `The consent was used on ${since}. It could be used only once, and cannot be used again.`,
        expired: (_client, since) => `The consent ran out on ${since}, and can no longer be used.`,
        revoked_by_client: (client, since) =>
          `${client} withdrew the consent on ${since}, and it can no longer be used.`,
        revoked_by_person: (_client, since) => `You withdrew the consent on ${since}, and it can no longer be used.`,
        revoked_by_operator: (_client, since) => `We ended the consent on ${since}, and it can no longer be used.`,
      },
      declined: (client) => [
        'Nothing has been shared.',
        `If you want to give another answer, you have to start again with ${client}.`,
      ],
      cancelled: (client) => [
        'You cancelled the login, and nothing has been shared.',
        `Go back to ${client} and start again if you still want to.`,
      ],
      failed: (client) => [
        'Something went wrong on our side, so the request could not be completed. Nothing has been shared.',
        `Go back to ${client} and start again if you still want to.`,
      ],
    },
    signedOut: {
      title: 'You are no longer logged in',
      body: (client) => [
        `You have not answered ${client} yet, and nothing has been shared.`,
        'Log in again, and you will come back to the question.',
      ],
    },
    answeredElsewhere: {
      title: 'You have answered in another window',
      body: (client) => [
        `This request from ${client} has been answered in another window or tab, and that answer counts.`,
        'Nothing new has been shared here. You will find your consents on My debt.',
      ],
    },
    someoneElse: {
      title: 'Another person is logged in',
      body: (client) => [
        'The request was opened by someone other than the person who is logged in now. Only the one who opened it can answer. Nothing about you has been shared.',
        `Go back to ${client} and start again, and the request will be for you.`,
      ],
    },
    badLink: {
      title: 'The link to this page is wrong',
      body: [
        'The link that you followed is not valid. You have done nothing wrong, and nothing has been shared.',
        'Go back to the organisation that you came from. Tell them if it happens again, since they are the ones who have to fix the link.',
      ],
      forDevelopers: 'For developers at the organisation: what is wrong',
      client: [
        html`<code>client_id</code> is not registered here, or the client is switched off.`,
        html`Check that it is the client id that you were given, and that it belongs to this environment.`,
      ],
      redirect: [
        html`<code>redirect_uri</code> is not one of the addresses that are registered for the client.`,
        html`It must be exactly one of them, character by character: scheme, upper and lower case, host name, port, path, and a slash at the end if there is one.`,
      ],
      request: [
        html`<code>request_uri</code> or <code>request</code> is not valid here: used, expired, signed with a key that is not registered, or made for another client.`,
        html`A <code>request_uri</code> comes from <code>/oauth2/par</code>, lasts for 60 seconds and is good for one request. Nothing is fetched from other addresses.`,
      ],
      other: [
        html`The request cannot be read: a parameter is missing, repeated or malformed. That is why no answer is sent back to you either.`,
        html`Check <code>client_id</code>, <code>redirect_uri</code>, <code>response_type</code> and <code>state</code>. Each of them must be there exactly once.`,
      ],
    },
    loginFailed: {
      title: 'The login did not work',
      body: (client) => [
        `We could not confirm who you are. You have not answered ${client}, and nothing has been shared.`,
        'Try again, and choose a login that is secure enough.',
      ],
    },
    switchedOff: {
      title: (client) => `${client} cannot ask for this now`,
      body: (client) => [
        `We no longer allow people to give ${client} consent to this. You cannot answer, and nothing has been shared.`,
        `Ask ${client} what you can do instead.`,
      ],
    },
    unknown: {
      title: 'We cannot find the request',
      body: [
        'It may have been answered or have expired a while ago, or have been opened in another browser.',
        'If you said yes, you will find the consent on My debt. If you want to answer now, go back to the organisation that you came from and start again.',
      ],
    },
  },
};
