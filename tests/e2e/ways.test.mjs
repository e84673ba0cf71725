// Which way to prove who you are: what the page says, what it offers, and codes by message and on paper.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { comeTo, file, giveCode, givePassword, goToLogin, leave, passPages } from './lib/journeys.mjs';
import { codeTo, messageTo, outbox } from './lib/outbox.mjs';
import { startDemo, startProvider } from './lib/provider.mjs';
import { MAI } from './lib/registrations.mjs';

// One that needs authentication level 2.
const PROCEDURE = 1;
const SMS = '/home/security/sms-code';
const BIND = /xác nhận nơi nhận mã/;
const EXAMINER = '+84900000016';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const home = (path) => `${demo.issuer}${path}`;

/** Answers the page for the telephone's number with the code that came. */
async function bindSms(browser, provider, citizen, address) {
  await comeTo(browser, provider, citizen, SMS);
  await browser.press('send-code');
  await browser.type('message-code', await codeTo(provider, address, BIND));
  await browser.press('verify');
  assert.match(await browser.text('notice'), /nơi nhận mã/);
}

describe('proving more', () => {
  it('the page says for whom and which level, offers only what reaches it, and remembers the last', async () => {
    const citizen = demo.citizens.hung2;
    await inBrowser({ width: 320 }, async (browser) => {
      const authenticator = await browser.plugInAuthenticator();
      await comeTo(browser, demo, citizen, '/home/security/passkeys');
      await browser.press('add-passkey');
      await browser.open(home('/home/security/recovery-codes'));
      await browser.press('make-codes');
      await leave(browser, demo);
      await authenticator.isTouched(false);

      await goToLogin(browser, demo);
      await givePassword(browser, citizen);
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('authentication-level'), '1');
      await file(browser, demo, PROCEDURE);
      assert.equal(await browser.address(), home('/login/passkey'), 'the best comes first');
      assert.match(
        await browser.text('reason'),
        /^Cổng Dịch vụ công quốc gia .*cần xác thực mức 2 cho thủ tục này\.$/,
      );
      await browser.photograph('ways-step-up');
      await browser.press('other-ways');
      const offered = await browser.texts('#methods .holder-name');
      assert.deepEqual(offered, ['Khóa truy cập', 'Ứng dụng xác thực', 'Mã khôi phục']);
      await browser.photograph('ways-choose');
      await browser.press('method-totp');
      assert.match(await browser.text('reason'), /mức 2/);
      await browser.photograph('ways-code');
      await giveCode(browser, citizen);
      assert.equal(await browser.text('authentication-level'), '2');

      await leave(browser, demo);
      await file(browser, demo, PROCEDURE);
      await givePassword(browser, citizen);
      assert.equal(await browser.address(), home('/login/totp'), 'the one used last comes first');
      await browser.press('other-ways');
      const again = await browser.texts('#methods .holder-name');
      assert.deepEqual(again, ['Ứng dụng xác thực', 'Khóa truy cập', 'Mã khôi phục']);
    });
  });

  // ATK-105
  it('a code on paper opens once, without scripts', async () => {
    const citizen = demo.citizens.hung1;
    await inBrowser({ width: 320, scripts: 'off' }, async (browser) => {
      await comeTo(browser, demo, citizen, '/home/security/recovery-codes');
      await browser.photograph('paper-none');
      await browser.press('make-codes');
      const [code, another] = await browser.texts('#codes code');
      await browser.photograph('paper-codes');
      const onPaper = async (typed) => {
        await leave(browser, demo);
        await file(browser, demo, PROCEDURE);
        await givePassword(browser, citizen);
        await browser.press('other-ways');
        await browser.press('method-recovery-code');
        await browser.type('recovery-code', typed);
        await browser.press('verify');
      };
      await onPaper(code.toLowerCase());
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('authentication-level'), '2');
      await onPaper(code);
      assert.match(await browser.text('recovery-code-fault'), /đã được dùng/);
      await browser.photograph('paper-used');
      await browser.type('recovery-code', another);
      await browser.press('verify');
      assert.equal(await browser.text('authentication-level'), '2');
    });
  });
});

// ATK-104
describe('codes by message', () => {
  for (const { width, scripts } of [{ width: 320, scripts: 'off' }, { width: 1280, scripts: 'on' }]) {
    it(`a code by SMS is a second factor at ${width} px with scripts ${scripts}`, async () => {
      const citizen = demo.citizens.examiner;
      await inBrowser({ width, scripts }, async (browser) => {
        await comeTo(browser, demo, citizen, '/home/security');
        await browser.photograph('sms-security');
        if (width === 320) {
          await browser.press('to-sms-code');
          await browser.photograph('sms-enrol');
          await bindSms(browser, demo, citizen, EXAMINER);
        }
        await leave(browser, demo);
        await file(browser, demo, PROCEDURE);
        await givePassword(browser, citizen);
        assert.equal(await browser.address(), home('/login/sms-code'));
        await browser.photograph('sms-ask');
        const before = (await outbox(demo)).length;
        await browser.reload();
        assert.equal((await outbox(demo)).length, before, 'looking sends nothing');
        await browser.press('send-code');
        const text = await messageTo(demo, EXAMINER, /để đăng nhập/);
        assert.match(text, /Cổng Dịch vụ công quốc gia .*Không đưa mã này cho bất kỳ ai/);
        await browser.photograph('sms-sent');
        await browser.type('message-code', text.startsWith('000000') ? '111111' : '000000');
        await browser.press('verify');
        assert.ok(await browser.has('message-code-fault'));
        await browser.photograph('sms-wrong');
        await browser.type('message-code', text.slice(0, 6));
        await browser.press('verify');
        await passPages(browser, demo, citizen);
        assert.equal(await browser.text('authentication-level'), '2');
        assert.match(await browser.text('methods'), /sms/);
      });
    });
  }

  it('where the app is there a message is not offered: it is the weaker way', async () => {
    const citizen = demo.citizens.lan;
    await inBrowser({ width: 1280 }, async (browser) => {
      await bindSms(browser, demo, citizen, '+84900000001');
      await leave(browser, demo);
      await file(browser, demo, PROCEDURE);
      await givePassword(browser, citizen);
      assert.equal(await browser.address(), home('/login/totp'));
      assert.equal(await browser.has('other-ways'), false);
      await giveCode(browser, citizen);
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('authentication-level'), '2');
    });
  });

  // NIST SP 800-63B-4 §3.1.3.3
  it('another number is another authenticator: it counts once it is bound anew', async () => {
    const provider = await startProvider({
      settings: '[messages]\noutbox = true\n',
      clients: [],
      citizens: { mai: MAI },
    });
    try {
      const citizen = provider.citizens.mai;
      await inBrowser({ width: 320 }, async (browser) => {
        await bindSms(browser, provider, citizen, '+84912000777');
        await browser.open(`${provider.issuer}${SMS}`);
        assert.match(await browser.text('bound'), /777/);
        await browser.photograph('sms-bound');
        await provider.vneid('citizen', 'contact', citizen.number, '--phone', '0912000888');
        await browser.open(`${provider.issuer}${SMS}`);
        assert.equal(await browser.has('bound'), false);
        await browser.photograph('sms-number-changed');
        await bindSms(browser, provider, citizen, '+84912000888');
      });
    } finally {
      await provider.stop();
    }
  });
});
