import type { nb } from './nb.ts';

export const en: typeof nb = {
  serviceName: 'My debt',
  skip: 'Skip to the content',
  sandbox: 'Test environment: all people, banks and amounts are made up.',
  navigation: 'Your pages',
  sections: { debt: 'Your debt', consents: 'Consents', accesses: 'Who has looked' },
  signedInAs: 'Logged in as',
  signedIn: 'Logged in',
  born: 'born',
  signOut: 'Log out',
  signingOut: {
    title: 'We are logging you out',
    text: 'You are logged out here. Now we are logging you out of the login service too.',
    next: 'Continue if it does not happen by itself',
  },
  languages: 'Language',
  about: 'About the service',
  help: 'Help',
  privacy: 'Privacy',
  accessibility: 'Accessibility statement',
  errors: {
    badRequest: {
      title: 'We cannot show the page',
      what: 'Something is wrong in the address, or in the form if you sent one. Nothing has been changed.',
      doThis:
        'Go back, reload the page and try again. If you typed the address yourself, check that all of it is there.',
    },
    tooLarge: {
      title: 'What you sent is too large',
      what: 'We did not accept it. Nothing has been changed.',
      doThis: 'Go back, reload the page and try again.',
    },
    form: {
      title: 'The form is out of date',
      what: 'The page that you sent the form from is no longer valid. That happens when you have logged out or in since you opened it. Nothing has been changed.',
      doThis: 'Go back, reload the page and try again.',
    },
    signedOut: {
      title: 'You are not logged in',
      what: 'This is only for somebody who is logged in. If you do not log out yourself, we do it for you after a while. Nothing has been changed.',
      doThis: 'Log in to continue.',
    },
    login: {
      title: 'The login was not completed',
      what: 'It was started in another browser, took too long, or had already been completed. Nothing has been changed.',
      doThis: 'Start the login again.',
    },
    forbidden: {
      title: 'You do not have access to this',
      what: 'The page exists, but not for the person who is logged in here.',
      doThis: 'Go to the front page and find your way from there.',
    },
    consentEnded: {
      title: 'The consent is no longer valid',
      what: 'It has been used up, withdrawn, or has run out, so nobody can use it to look up debt.',
      doThis: 'When you log in, you will find all your consents, including those that have ended.',
    },
    notFound: {
      title: 'We cannot find the page',
      what: 'It may have been moved, or the address may be wrong.',
      doThis: 'Check the address, or go to the front page and find your way from there.',
    },
    tooMany: {
      title: 'There were too many requests',
      what: 'We have paused for a little while, so that the service works for everybody.',
      doThis: 'Wait a minute, then reload the page.',
    },
    unavailable: {
      title: 'The service is down right now',
      what: 'The fault is ours. Your information and your consents are still there.',
      doThis: 'Try again in a few minutes.',
    },
    ourFault: {
      title: 'Something went wrong on our side',
      what: 'The fault is ours, not yours. It has been recorded in our log.',
      doThis:
        'Try again. If it happens more than once, write to us and give the reference below. The address is on the help page.',
    },
  },
  toFrontPage: 'Go to the front page',
  logInAgain: 'Log in',
  backToQuestion: 'Back to the question',
  reference: 'Reference',
};
