// Logging in with the citizen's app: one browser is the portal's, the other is the telephone with the
// reference app.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { goToLogin, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';
import { PIN, approve, codeOf, goesOn, heading, numberOf, pairFrom, read } from './lib/telephone.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const looked = new Set();

/** Looks at a page as everybody might have to; once, because that takes long. */
async function look(browser, name) {
  const face = `${name} ${browser.width}`;
  if (looked.has(face)) return;
  looked.add(face);
  await browser.photograph(name);
  await browser.assertAccessible();
}

/** Pairs `phone` with the citizen's account, from another browser. */
async function pair(phone, citizen, label) {
  await inBrowser({ width: 1280 }, (browser) =>
    pairFrom(browser, phone, demo, citizen, label, look));
}

/** From the portal to the page with the code; answers the link that the code holds. */
async function showCode(browser) {
  await goToLogin(browser, demo);
  await browser.press('with-app');
  return codeOf(browser);
}

describe('QR login', () => {
  for (const width of [320, 1280]) {
    it(`a citizen pairs a telephone, scans, types the number, and is logged in at ${width} px`, async () => {
      const citizen = width === 320 ? demo.citizens.lan : demo.citizens.hoan;
      await inBrowser({ width: 320 }, async (phone) => {
        await pair(phone, citizen, 'Điện thoại thử');
        await look(phone, 'app-home');
        await inBrowser({ width }, async (browser) => {
          const link = await showCode(browser);
          await look(browser, 'app-login');
          await read(phone, link);
          assert.match(await phone.text('party'), /Cổng Dịch vụ công quốc gia/);
          assert.equal(await phone.text('origin'), demo.portal);
          assert.match(await phone.text('browser'), /Chrome, Linux/);
          await look(phone, 'app-question');
          const number = await numberOf(browser);
          await look(browser, 'app-number');
          await approve(phone, number);
          await look(phone, 'app-approved');
          await goesOn(browser);
          await passPages(browser, demo, citizen);
          await browser.until(() => browser.has('visitor-name'), 'not at the portal');
          assert.equal(await browser.text('visitor-name'), citizen.name);
          assert.equal(await browser.text('authentication-level'), '2');
          assert.match(await browser.text('methods'), /pin/);
        });
        await phone.tap('back', heading(phone, 'Xin chào'));
        await phone.tap('tab-history', heading(phone, 'Lịch sử trên thiết bị này'));
        assert.match(await phone.text('answers'), /Đã xác nhận · Chrome, Linux/);
        await look(phone, 'app-history');
        await phone.tap('tab-device', heading(phone, 'Thiết bị này'));
        await look(phone, 'app-this-device');
        await phone.tap('remove', heading(phone, 'Thiết bị này không còn được ghép'));
        await look(phone, 'app-removed');
      });
    });
  }

  it('a stranger’s code, a wrong number and a refusal log nobody in', async () => {
    // ATK-107, ATK-108
    const citizen = demo.citizens.anna;
    await inBrowser({ width: 320 }, async (phone) => {
      await pair(phone, citizen, 'Điện thoại của Anna');
      await inBrowser({ width: 1280 }, async (browser) => {
        await phone.type('code', `${demo.portal}/app/#open=vqr1_AAAA`);
        await phone.tap('use-code', async () => /không phải mã QR/.test(await phone.text('fault')));
        await phone.type('code', `${demo.issuer}/app/#open=vqr1_AAAA`);
        await phone.tap('use-code', async () => /đã đổi/.test(await phone.text('fault')));

        await read(phone, await showCode(browser));
        const number = await numberOf(browser);
        const other = number === '99' ? '10' : String(Number(number) + 1);
        for (const said of [/Còn 2 lần/, /Còn 1 lần/]) {
          await phone.type('number', other);
          await phone.type('pin', PIN);
          await phone.tap('approve', async () => said.test(await phone.text('fault')));
        }
        await phone.type('number', number);
        await phone.type('pin', '999998');
        await phone.tap('approve', async () => /PIN không đúng/.test(await phone.text('fault')));
        await phone.tap('deny', heading(phone, 'Đã từ chối'));
        await browser.until(() => browser.has('new-code'), 'nothing to begin again with');
        await browser.until(async () => /từ chối/.test(await browser.body()), 'not told');
        await look(browser, 'app-denied');

        // A new code on the same page works.
        await browser.tap('new-code', async () => /quét mã này/.test(await browser.body()));
        await phone.tap('back', heading(phone, 'Xin chào'));
        await phone.open(await codeOf(browser));
        await phone.until(heading(phone, 'Xác nhận đăng nhập'), 'the link did not open the question');
        await approve(phone, await numberOf(browser));
        await goesOn(browser);
      });
    });
  });

  it('a telephone that was replaced is told so', async () => {
    const citizen = demo.citizens.linh;
    await inBrowser({ width: 320 }, async (first) => {
      await pair(first, citizen, 'Máy cũ');
      await inBrowser({ width: 320 }, async (second) => {
        await pair(second, citizen, 'Máy mới');
        const told = heading(first, 'Thiết bị này không còn được ghép');
        await first.until(told, 'the first telephone was not told');
      });
    });
  });
});
