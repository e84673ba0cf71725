// A forgotten password, with the codes that a telephone and a mailbox would have received.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { comeTo, givePassword, goToLogin, leave, passPages } from './lib/journeys.mjs';
import { codeTo, messageTo, outbox } from './lib/outbox.mjs';
import { startDemo } from './lib/provider.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const FRESH = 'Con mèo trèo cây cau lúc bảy giờ';
const BY_SMS = { lan: '+84900000001', linh: '+84900000012', examiner: '+84900000016' };
const BY_MAIL = { examiner: 'examiner@example.vn' };
const RECOVER = /để đặt lại mật khẩu/;
const NOTICE = /vừa được đặt lại/;

/** From the portal's login page to the page that asks for codes. */
async function forget(browser, citizen) {
  await goToLogin(browser, demo);
  await browser.press('recover');
  await browser.type('username', citizen.number);
  await browser.press('send-codes');
}

async function setPassword(browser, password) {
  await browser.type('new-password', password);
  await browser.type('new-password-again', password);
  await browser.press('set-password');
}

describe('a forgotten password', () => {
  it('is set anew with two codes by different ways; every session ends and both addresses are told', async () => {
    const citizen = demo.citizens.examiner;
    await inBrowser({ width: 1280 }, async (elsewhere) => {
      // A code that came through makes the mailbox theirs.
      await comeTo(elsewhere, demo, citizen, '/home/security/email-code');
      await elsewhere.photograph('email-enrol');
      await elsewhere.press('send-code');
      const code = await codeTo(demo, BY_MAIL.examiner, /xác nhận nơi nhận mã/);
      await elsewhere.type('message-code', code);
      await elsewhere.press('verify');
      assert.ok(await elsewhere.has('notice'));
      await elsewhere.photograph('email-enrolled');

      await inBrowser({ width: 1280 }, async (browser) => {
        await goToLogin(browser, demo);
        await browser.press('recover');
        await browser.photograph('recover-name');
        await browser.type('username', citizen.number);
        await browser.press('send-codes');
        await browser.photograph('recover-codes');
        await browser.type('sms-code', await codeTo(demo, BY_SMS.examiner, RECOVER));
        await browser.press('verify');
        assert.match(await browser.text('problem'), /chưa đủ/, 'one code is not enough');
        await browser.photograph('recover-not-enough');
        await browser.type('sms-code', await codeTo(demo, BY_SMS.examiner, RECOVER));
        await browser.type('email-code', await codeTo(demo, BY_MAIL.examiner, RECOVER));
        await browser.press('verify');
        assert.match(await browser.text('main'), /chờ 24 giờ/, 'the cool-down is said');
        await browser.photograph('recover-password');
        await setPassword(browser, 'ngắn');
        assert.ok(await browser.has('new-password-fault'));
        await setPassword(browser, FRESH);
        await browser.photograph('recovered');
        for (const address of [BY_SMS.examiner, BY_MAIL.examiner]) {
          assert.match(await messageTo(demo, address, NOTICE), /Nếu không phải bạn/);
        }
        await browser.press('to-login');
        await givePassword(browser, citizen);
        assert.ok(await browser.has('problem'), 'the old password is worth nothing');
        await givePassword(browser, citizen, FRESH);
        assert.equal(await browser.address(), `${demo.issuer}/home`);
        await browser.open(`${demo.issuer}/home/history`);
        await browser.photograph('recovered-history');
        await browser.open(`${demo.issuer}/dev/outbox`);
        await browser.photograph('outbox');
      });
      await elsewhere.open(`${demo.issuer}/home`);
      assert.equal(await elsewhere.address(), `${demo.issuer}/login`, 'that session is over');
    });
  });

  it('a code and the authenticator app do as well, without scripts', async () => {
    const citizen = demo.citizens.lan;
    await inBrowser({ width: 320, scripts: 'off' }, async (browser) => {
      await goToLogin(browser, demo);
      await browser.press('recover');
      await browser.photograph('recover-name');
      await browser.type('username', '12');
      await browser.press('send-codes');
      assert.ok(await browser.has('username-fault'));
      await browser.photograph('recover-not-a-name');
      await browser.type('username', citizen.number);
      await browser.press('send-codes');
      await browser.photograph('recover-codes');
      const sms = await codeTo(demo, BY_SMS.lan, RECOVER);
      await browser.type('sms-code', sms);
      await browser.type('totp', citizen.authenticator.wrongCode());
      await browser.press('verify');
      await browser.photograph('recover-codes-wrong');
      await browser.type('sms-code', sms);
      await browser.type('totp', await citizen.authenticator.code());
      await browser.press('verify');
      await browser.photograph('recover-password');
      await setPassword(browser, FRESH);
      assert.match(await browser.heading(), /Đã đặt mật khẩu mới/);
      await browser.photograph('recovered');
      await messageTo(demo, BY_SMS.lan, NOTICE);
      await browser.press('to-login');
      await passPages(browser, demo, { ...citizen, password: FRESH });
      assert.equal(await browser.address(), `${demo.issuer}/home`);
    });
  });

  // ATK-098
  it('of somebody nobody knows gets the same page and no message', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const before = (await outbox(demo)).length;
      await forget(browser, { number: '001199999999' });
      const unknown = await browser.body();
      await browser.type('sms-code', '000000');
      await browser.press('verify');
      assert.match(await browser.text('problem'), /chưa đủ hoặc không đúng/);
      assert.equal((await outbox(demo)).length, before);
      await forget(browser, demo.citizens.linh);
      assert.equal(await browser.body(), unknown);
      await codeTo(demo, BY_SMS.linh, RECOVER);
    });
  });
});

describe('a lost telephone', () => {
  it('is reported on the way, and nothing on it opens the account any more', async () => {
    const citizen = demo.citizens.linh;
    await inBrowser({ width: 320, scripts: 'off' }, async (browser) => {
      await comeTo(browser, demo, citizen, '/home/security/recovery-codes');
      await browser.press('make-codes');
      const [paper] = await browser.texts('#codes code');
      await leave(browser, demo);

      await forget(browser, citizen);
      await browser.type('sms-code', await codeTo(demo, BY_SMS.linh, RECOVER));
      await browser.type('recovery-code', paper);
      await browser.press('verify');
      assert.deepEqual(await browser.texts('#lost label'), ['Ứng dụng xác thực']);
      await browser.photograph('recover-lost');
      await browser.click('#lost input');
      // Eight characters would do beside the app that is lost.
      await setPassword(browser, 'tám-chữ8');
      assert.match(await browser.text('new-password-fault'), /15/);
      await browser.photograph('recover-lost-short');
      await setPassword(browser, FRESH);
      assert.match(await browser.text('suspended'), /Ứng dụng xác thực/);
      await browser.photograph('recovered-lost');
      await messageTo(demo, BY_SMS.linh, NOTICE);
      await browser.press('to-login');
      await givePassword(browser, citizen, FRESH);
      assert.equal(await browser.has('totp'), false, 'what is lost is not asked for');
      await browser.open(`${demo.issuer}/home/history`);
      assert.match(await browser.text('history'), /Đã tạm ngừng: Ứng dụng xác thực/);
    });
  });
});
