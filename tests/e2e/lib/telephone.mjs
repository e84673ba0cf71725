// The reference app in a second browser, as a telephone would show it.

import { passPages } from './journeys.mjs';

export const PIN = '274951';

export const heading = (browser, words) => async () => (await browser.heading()) === words;

/**
 * Pairs `phone` with the account of whoever `browser` is: the code comes from their security centre.
 * `seen` is called at each page, with its browser and a name.
 */
export async function pairFrom(browser, phone, provider, citizen, label, seen = async () => {}) {
  await browser.open(`${provider.issuer}/home/security/app`);
  await passPages(browser, provider, citizen);
  await seen(browser, 'app-device');
  await browser.press('make-binding-code');
  await seen(browser, 'app-device-code');
  await phone.open(await browser.attribute('bind-here', 'href'));
  await phone.until(async () => (await phone.value('identifier')) !== '', 'no code in the form');
  await seen(phone, 'app-bind');
  await phone.type('label', label);
  await phone.type('pin', PIN);
  await phone.type('pin-again', PIN);
  await phone.tap('bind', heading(phone, 'Xin chào'));
}

/** The link that the QR code on this page holds. */
export async function codeOf(browser) {
  const shown = async () => (await browser.attribute('open-app', 'href')).includes('#open=');
  await browser.until(shown, 'no code came');
  return browser.attribute('open-app', 'href');
}

/** The telephone reads the code. */
export async function read(phone, link) {
  await phone.type('code', link);
  await phone.tap('use-code', heading(phone, 'Xác nhận đăng nhập'));
}

/** What the page shows to be typed into the telephone. */
export async function numberOf(browser) {
  await browser.until(async () => /^\d\d$/.test(await browser.text('number')), 'no number came');
  return browser.text('number');
}

export async function approve(phone, number) {
  await phone.type('number', number);
  await phone.type('pin', PIN);
  await phone.tap('approve', heading(phone, 'Đã xác nhận'));
}

/** The page with the code goes on by itself. */
export async function goesOn(browser) {
  const onward = async () => !(await browser.address()).endsWith('/login/app');
  await browser.until(onward, 'the browser did not go on');
}
