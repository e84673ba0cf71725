// The security centre: what opens an account, and what its holder takes back.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { comeTo, file, givePassword, goToLogin, leave, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

const HISTORY = '/home/history';
const LIST = '/home/security/authenticators';
const PORTAL = /Cổng Dịch vụ công quốc gia/;

const at = async (browser, path) => assert.equal(await browser.address(), `${demo.issuer}${path}`);

/** Logs in at the portal with a passkey that the citizen once added in this browser. */
async function enterByPasskey(stranger, citizen) {
  const authenticator = await stranger.plugInAuthenticator();
  await comeTo(stranger, demo, citizen, '/home/security/passkeys');
  await stranger.type('name', 'Máy ở quán');
  await stranger.press('add-passkey');
  await leave(stranger, demo);
  await authenticator.isTouched(false);
  await goToLogin(stranger, demo);
  await authenticator.isTouched(true);
  await stranger.press('use-passkey');
  await passPages(stranger, demo, citizen);
  assert.equal(await stranger.text('visitor-name'), citizen.name);
  await authenticator.isTouched(false);
  return authenticator;
}

// ATK-139: what was taken back opens nothing.
describe('it was not me', () => {
  it('ends what somebody else got, tells the portal, and suspends what they used; a lock holds until both factors lift it', async () => {
    const citizen = demo.citizens.hoan;
    await inBrowser({ width: 320 }, async (stranger) => {
      const key = await enterByPasskey(stranger, citizen);
      await inBrowser({ width: 1280 }, async (browser) => {
        await comeTo(browser, demo, citizen, HISTORY);
        await at(browser, HISTORY);
        await browser.photograph('centre-history');
        await browser.pressIn('#history tbody tr', PORTAL, '[id^=not-me-]');
        assert.match(await browser.text('suspends'), /Khóa truy cập/);
        assert.equal(await browser.has('keeps'), false);
        await browser.photograph('centre-not-me');
        assert.ok(await browser.has('report'), 'asking does nothing yet');
        await browser.press('report');
        const number = await browser.text('case');
        assert.match(number, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
        assert.match(await browser.text('told'), PORTAL);
        await browser.photograph('centre-not-me-done');

        await stranger.eventually(
          `${demo.portal}/`,
          async () => !(await stranger.has('visitor-name')),
        );
        await stranger.open(`${demo.issuer}/home`);
        await at(stranger, '/login/passkey');
        await key.isTouched(true);
        await stranger.press('use-passkey');
        assert.match(await stranger.text('problem'), /không dùng được ở đây/);
        await stranger.photograph('centre-suspended-key');

        await browser.press('to-security');
        await at(browser, '/home/security');
        await browser.press('to-authenticators');
        const cards = await browser.texts('.card');
        assert.match(cards.join('\n'), /Máy ở quán Tạm ngừng/);
        await browser.photograph('centre-authenticators');
        await browser.open(`${demo.issuer}/home/sessions`);
        assert.equal((await browser.texts('.card')).length, 1);
        await browser.open(`${demo.issuer}${HISTORY}`);
        assert.ok((await browser.text('history')).includes(number), 'the case is found again');
        await browser.photograph('centre-history-after');

        await lockAndUnlock(browser, citizen);
      });
    });
  });

  async function lockAndUnlock(browser, citizen) {
    await browser.open(`${demo.issuer}/home/security`);
    await browser.press('to-lock');
    assert.match(await browser.text('way-back'), /hai yếu tố/);
    await browser.photograph('centre-lock');
    await browser.press('lock');
    await at(browser, '/locked');
    await browser.photograph('centre-locked');
    await goToLogin(browser, demo);
    await givePassword(browser, citizen);
    assert.match(await browser.text('problem'), /bị khóa theo yêu cầu của bạn/);
    await browser.photograph('centre-locked-login');
    await browser.press('to-unlock');
    await passPages(browser, demo, citizen);
    await at(browser, '/unlock');
    await browser.photograph('centre-unlock');
    await browser.press('unlock');
    await at(browser, '/home');
    assert.match(await browser.text('notice'), /đã được mở khóa/);
    await goToLogin(browser, demo);
    await passPages(browser, demo, citizen);
    assert.ok(await browser.has('visitor-name'), 'and everything works again');
  }

  it('about this very session is said without scripts, and logs this browser out', async () => {
    const citizen = demo.citizens.hung2;
    await inBrowser({ width: 320, scripts: 'off' }, async (browser) => {
      await comeTo(browser, demo, citizen, HISTORY);
      await browser.photograph('centre-history');
      await browser.pressFirst('#history [id^=not-me-]');
      assert.match(await browser.text('outlook'), /kể cả ở trình duyệt này/);
      assert.match(await browser.text('keeps'), /Mật khẩu/);
      await browser.photograph('centre-not-me');
      await browser.press('report');
      await browser.photograph('centre-not-me-done');
      await browser.press('to-password');
      await at(browser, '/login');
    });
  });
});

describe('authenticators', () => {
  it('one is named and reported lost without scripts, and is not asked for any more', async () => {
    const citizen = demo.citizens.hung1;
    await inBrowser({ width: 320, scripts: 'off' }, async (browser) => {
      await comeTo(browser, demo, citizen, '/home/security');
      await browser.photograph('centre-security');
      await browser.press('to-authenticators');
      await browser.photograph('centre-authenticators');
      const manage = () => browser.pressIn('.card', /điện thoại|Ứng dụng xác thực/i, '[id^=manage-]');
      await manage();
      await browser.photograph('centre-authenticator');
      await browser.type('label', 'Điện thoại cũ');
      await browser.press('rename');
      assert.match(await browser.text('notice'), /Đã đổi tên/);
      assert.match((await browser.texts('.card')).join('\n'), /Điện thoại cũ Đang dùng/);
      await manage();
      await browser.press('report-lost');
      assert.match(await browser.text('notice'), /Đã tạm ngừng/);
      assert.match((await browser.texts('.card')).join('\n'), /Điện thoại cũ Tạm ngừng/);
      await browser.photograph('centre-lost');
      await browser.open(`${demo.issuer}${HISTORY}`);
      assert.match(await browser.text('history'), /Đã tạm ngừng: Ứng dụng xác thực/);
      await leave(browser, demo);
      await file(browser, demo, 1);
      const seen = await passPages(browser, demo, citizen);
      assert.ok(!seen.includes('/login/totp'), seen.join(' '));
      assert.equal(await browser.text('authentication-level'), '1');
      await browser.press('file');
      assert.equal(await browser.text('error-code'), 'unmet_authentication_requirements');
    });
  });

  it('the last way in cannot be reported lost, and the page says what to do first', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await comeTo(browser, demo, demo.citizens.bao, LIST);
      await browser.pressFirst('[id^=manage-]');
      assert.match(await browser.text('last-way'), /thêm một cách khác/);
      assert.equal(await browser.has('report-lost'), false);
      await browser.photograph('centre-last-way');
    });
  });

  it('who has no second factor is told before locking that only an officer can undo it', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await comeTo(browser, demo, demo.citizens.quynh, '/home/security/lock');
      assert.match(await browser.text('way-back'), /công an cấp xã/);
      await browser.photograph('centre-lock-in-person');
    });
  });
});

describe('sessions', () => {
  it('a stranger’s session is disputed from the list of sessions', async () => {
    const citizen = demo.citizens.anna;
    await inBrowser({ width: 1280 }, async (stranger) => {
      await goToLogin(stranger, demo);
      await passPages(stranger, demo, citizen);
      await inBrowser({ width: 320 }, async (browser) => {
        await comeTo(browser, demo, citizen, '/home/sessions');
        await browser.photograph('centre-sessions');
        await browser.pressFirst('[id^=not-me-]');
        await browser.photograph('centre-not-me-session');
        await browser.press('report');
        assert.match(await browser.text('next'), /Mật khẩu/, 'kept, and to be changed');
        await browser.press('to-password');
        await at(browser, '/home/security/password');
      });
      await stranger.eventually(
        `${demo.portal}/`,
        async () => !(await stranger.has('visitor-name')),
      );
    });
  });
});
