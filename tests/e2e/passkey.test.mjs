// Passkeys in a real browser with the authenticator that DevTools plugs into it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { givePassword, goToLogin, leave, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const PASSKEYS = '/home/security/passkeys';
const home = (path = '') => `${demo.issuer}${path}`;

/** Logs in with whatever the citizen has and adds the key of the plugged-in authenticator. */
async function enrol(browser, citizen, name = 'Điện thoại của tôi') {
  await browser.open(home(PASSKEYS));
  await passPages(browser, demo, citizen);
  assert.equal(await browser.address(), home(PASSKEYS));
  await browser.type('name', name);
  await browser.press('add-passkey');
  assert.match(await browser.text('notice'), /Đã thêm khóa truy cập/);
}

for (const width of [320, 1280]) {
  it(`the pages of passkeys are readable at ${width} px`, async () => {
    const citizen = width === 320 ? demo.citizens.lan : demo.citizens.minh;
    await inBrowser({ width }, async (browser) => {
      await goToLogin(browser, demo);
      await browser.photograph('passkey-login');
      await browser.press('other-ways');
      await browser.photograph('passkey-choose');
      await browser.press('method-passkey');
      await browser.photograph('passkey-use');
      await browser.plugInAuthenticator({ synced: width === 320 });
      await browser.open(home(PASSKEYS));
      await passPages(browser, demo, citizen);
      await browser.photograph('passkeys-none');
      await enrol(browser, citizen);
      await browser.photograph('passkeys');
      await browser.open(home('/home/security'));
      await browser.photograph('passkeys-security');
    });
  });
}

describe('logging in', () => {
  it('a verified passkey alone is two factors, offered in the list under the name', async () => {
    const citizen = demo.citizens.tuan;
    await inBrowser({}, async (browser) => {
      const authenticator = await browser.plugInAuthenticator();
      await enrol(browser, citizen);
      await leave(browser, demo);
      await authenticator.isTouched(false);
      await browser.open(`${demo.portal}/procedures/1`);
      await browser.press('file');
      assert.equal(await browser.address(), home('/login'));
      assert.match(await browser.attribute('username', 'autocomplete'), /webauthn/);
      await authenticator.isTouched(true);
      await browser.press('use-passkey');
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('authentication-level'), '2');
    });
  });

  it('after the password an unverified passkey is the second factor', async () => {
    const citizen = demo.citizens.hoan;
    await inBrowser({ width: 320 }, async (browser) => {
      const authenticator = await browser.plugInAuthenticator({ verifies: false });
      await enrol(browser, citizen);
      await leave(browser, demo);
      await authenticator.isTouched(false);
      await browser.open(`${demo.portal}/procedures/1`);
      await browser.press('file');
      await givePassword(browser, citizen);
      await browser.press('other-ways');
      await browser.press('method-passkey');
      assert.equal(await browser.address(), home('/login/passkey'));
      assert.ok(await browser.has('holder'));
      await authenticator.isTouched(true);
      await browser.press('use-passkey');
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('authentication-level'), '2');
    });
  });

  it('a passkey that is offered under the name logs in without a button', async () => {
    const citizen = demo.citizens.anna;
    await inBrowser({}, async (browser) => {
      await browser.plugInAuthenticator({ synced: true });
      await enrol(browser, citizen);
      await leave(browser, demo);
      // Touched at once: taking it from the list is left out.
      await browser.arrive(home('/home'), home('/home'));
    });
  });

  it('what goes wrong in the browser is said on the page, and the password still opens', async () => {
    const citizen = demo.citizens.quynh;
    await inBrowser({ width: 320 }, async (browser) => {
      const authenticator = await browser.plugInAuthenticator();
      await goToLogin(browser, demo);
      await authenticator.verifies(false);
      await browser.click('#use-passkey');
      await browser.shows('passkey-fault', /thử lại hoặc chọn cách khác/);
      await browser.photograph('passkey-fault');
      await givePassword(browser, citizen);
      assert.equal(await browser.has('problem'), false);
    });
  });

  // ATK-106
  it('a key that was copied is refused when the older copy is used, and can be removed', async () => {
    const citizen = demo.citizens.hung1;
    await inBrowser({}, async (browser) => {
      const authenticator = await browser.plugInAuthenticator();
      await enrol(browser, citizen);
      const [stolen] = await authenticator.credentials();
      await leave(browser, demo);
      await authenticator.isTouched(false);
      await goToLogin(browser, demo);
      await authenticator.isTouched(true);
      await browser.press('use-passkey');
      await leave(browser, demo);
      await authenticator.isTouched(false);
      await authenticator.removeCredential(stolen.credentialId);
      await authenticator.addCredential(stolen);
      await browser.open(home('/home'));
      await authenticator.isTouched(true);
      await browser.press('use-passkey');
      assert.match(await browser.text('problem'), /có thể đã bị sao chép/);
      await browser.photograph('passkey-copied');
      await authenticator.isTouched(false);
      await browser.open(home(PASSKEYS));
      await browser.press('other-ways');
      await browser.press('method-password');
      await givePassword(browser, citizen);
      await browser.press('other-ways');
      await browser.press('method-totp');
      await passPages(browser, demo, citizen);
      await browser.pressFirst('[id^=remove-]');
      assert.match(await browser.text('notice'), /Đã gỡ khóa truy cập/);
      assert.equal(await browser.has('passkeys'), false);
    });
  });
});

describe('the holder’s own keys', () => {
  it('a key is named, renamed, and not made twice on one device', async () => {
    const citizen = demo.citizens.hung2;
    await inBrowser({ width: 320 }, async (browser) => {
      await browser.plugInAuthenticator();
      await enrol(browser, citizen, 'Máy ở nhà');
      assert.match(await browser.text('passkeys'), /Máy ở nhà[^]*Trên một thiết bị[^]*Chưa dùng/);
      await browser.click('#add-passkey');
      await browser.shows('passkey-fault', /đã có khóa truy cập/);
      await browser.click('#passkeys summary');
      const name = await browser.attributeOf('#passkeys input[name=name]', 'id');
      await browser.type(name, 'Máy ở cơ quan');
      await browser.pressFirst('[id^=rename-]');
      assert.match(await browser.text('passkeys'), /Máy ở cơ quan/);
    });
  });
});
