// The citizen's own pages: what is known, where they are logged in, who knows what, and the means
// to change it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { givePassword, goToLogin, logIn, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';
import { Authenticator } from './lib/totp.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const home = (path = '') => `${demo.issuer}/home${path}`;

/** Logs in for the citizen's own pages, without any relying party. */
async function comeHome(browser, citizen) {
  await browser.open(home());
  await passPages(browser, demo, citizen);
  assert.equal(await browser.address(), home());
}

for (const { width, scripts } of [{ width: 320, scripts: 'off' }, { width: 1280, scripts: 'on' }]) {
  it(`every page of the home is readable at ${width} px with scripts ${scripts}`, async () => {
    await inBrowser({ width, scripts }, async (browser) => {
      const citizen = demo.citizens.lan;
      await logIn(browser, demo, citizen);
      await comeHome(browser, citizen);
      assert.match(await browser.heading(), new RegExp(citizen.name));
      assert.match(await browser.text('account-level'), /2/);
      assert.doesNotMatch(await browser.text('personal-number'), new RegExp(citizen.number));
      await browser.photograph('home');
      for (const section of ['sessions', 'consents', 'history', 'security']) {
        await browser.open(home(`/${section}`));
        await browser.photograph(section);
      }
      await browser.open(home('/security/password'));
      await browser.photograph('password');
      await browser.open(home('/history'));
      const happened = await browser.texts('#history tbody tr');
      assert.match(happened.join('\n'), /Cổng Dịch vụ công quốc gia/);
    });
  });
}

describe('sessions', () => {
  it('a session elsewhere can be ended from here', async () => {
    const citizen = demo.citizens.examiner;
    await inBrowser({ width: 1280 }, async (elsewhere) => {
      await logIn(elsewhere, demo, citizen);
      await inBrowser({ width: 320 }, async (browser) => {
        await comeHome(browser, citizen);
        await browser.open(home('/sessions'));
        assert.equal((await browser.texts('.card')).length, 2);
        await browser.press('end-other-sessions');
        assert.ok(await browser.has('notice'));
        assert.equal((await browser.texts('.card')).length, 1);
      });
      await elsewhere.open(home());
      assert.equal(await elsewhere.address(), `${demo.issuer}/login`);
      await elsewhere.eventually(
        `${demo.portal}/`,
        async () => !(await elsewhere.has('visitor-name')),
      );
    });
  });
});

describe('consents', () => {
  it('after withdrawing, the portal has to ask again', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const citizen = demo.citizens.linh;
      await goToLogin(browser, demo);
      const first = await passPages(browser, demo, citizen);
      assert.ok(first.includes('/consent'));
      await comeHome(browser, citizen);
      await browser.open(home('/consents'));
      assert.match(await browser.text('main'), /Cổng Dịch vụ công quốc gia/);
      await browser.pressFirst('[id^=withdraw-]');
      assert.match(await browser.text('notice'), /rút lại/);
      assert.equal((await browser.texts('.card')).length, 0);
      await browser.forgetCookie('portal_session');
      await goToLogin(browser, demo);
      assert.equal(await browser.address(), `${demo.issuer}/consent`);
    });
  });
});

describe('security', () => {
  it('the password is changed with the old one, and only the new one opens', async () => {
    const citizen = demo.citizens.anna;
    const fresh = 'Con mèo trèo cây cau lúc bảy giờ';
    await inBrowser({ width: 320 }, async (browser) => {
      await comeHome(browser, citizen);
      const change = async (current, next, again = next) => {
        await browser.open(home('/security/password'));
        await browser.type('current-password', current);
        await browser.type('new-password', next);
        await browser.type('new-password-again', again);
        await browser.press('change-password');
      };
      await change('not the right password', fresh);
      assert.ok(await browser.has('current-password-fault'));
      await change(citizen.password, 'ngắn');
      assert.ok(await browser.has('new-password-fault'));
      await change(citizen.password, fresh, `${fresh}!`);
      assert.ok(await browser.has('new-password-again-fault'));
      await change(citizen.password, fresh);
      assert.match(await browser.text('notice'), /Đã đổi mật khẩu/);
    });
    await inBrowser({ width: 320 }, async (browser) => {
      await browser.open(home());
      await givePassword(browser, citizen);
      assert.ok(await browser.has('problem'), 'the old password is worth nothing');
      await givePassword(browser, citizen, fresh);
      assert.equal(await browser.has('problem'), false);
    });
  });

  it('an authenticator app enrolled from the QR page takes a login to level 2', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const citizen = { ...demo.citizens.quynh };
      await comeHome(browser, citizen);
      await browser.open(home('/security/totp'));
      await browser.photograph('enrol-totp');
      const secret = await browser.text('secret');
      const link = await browser.attribute('open-authenticator', 'href');
      assert.equal(new URL(link).searchParams.get('secret'), secret.replaceAll(/\s/g, ''));
      citizen.authenticator = new Authenticator(secret);
      await browser.type('totp', citizen.authenticator.wrongCode());
      await browser.press('confirm-totp');
      assert.ok(await browser.has('totp-fault'));
      assert.equal(await browser.text('secret'), secret, 'the same secret is offered again');
      await browser.type('totp', await citizen.authenticator.code());
      await browser.press('confirm-totp');
      assert.match(await browser.text('notice'), /ứng dụng xác thực/);
      await browser.open(`${demo.portal}/procedures/1`);
      await browser.press('file');
      const seen = await passPages(browser, demo, citizen);
      assert.deepEqual(seen, ['/consent'], 'the code that confirmed the app counts');
      assert.equal(await browser.text('authentication-level'), '2');
    });
  });

  it('logging out at home needs one press and is final', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await comeHome(browser, demo.citizens.examiner);
      await browser.press('logout');
      await browser.press('logout-yes');
      assert.equal(await browser.address(), `${demo.issuer}/logged-out`);
      await browser.back();
      await browser.open(home('/security'));
      assert.equal(await browser.address(), `${demo.issuer}/login`);
    });
  });
});
