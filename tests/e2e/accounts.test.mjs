// Who may not pass, and what they are told: the pages that say no, and choosing an account.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { giveCode, givePassword, goToLogin, logIn, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';

let demo;
before(async () => (demo = await startDemo()));
after(() => demo?.stop());

describe('accounts that cannot be used', () => {
  const refusals = [
    { what: 'locked', who: 'dung', says: /đang bị khóa/ },
    { what: 'never activated', who: 'hoa', says: /chưa được kích hoạt/ },
    { what: 'deceased', who: 'cuc', says: /không sử dụng được/ },
    { what: '13 years old', who: 'khang', says: /giám hộ/ },
  ];
  for (const { what, who, says } of refusals) {
    it(`${what}: the page says why and what to do`, async () => {
      await inBrowser({ width: 320 }, async (browser) => {
        await goToLogin(browser, demo);
        await passPages(browser, demo, demo.citizens[who]);
        assert.ok((await browser.address()).startsWith(`${demo.issuer}/login`));
        assert.match(await browser.text('problem'), says);
        await browser.photograph(`refused-${who}`);
        await browser.open(`${demo.portal}/login`);
        assert.ok((await browser.address()).startsWith(demo.issuer), 'nobody got in');
      });
    });

    // ATK-098: the state of an account is its holder's business.
    it(`${what}: a wrong password learns nothing about it`, async () => {
      await inBrowser({ width: 320 }, async (browser) => {
        await goToLogin(browser, demo);
        await givePassword(browser, demo.citizens[who], 'not the right password');
        assert.match(await browser.text('problem'), /Thông tin đăng nhập không đúng/);
      });
    });
  }

  // NIST SP 800-63B-4 §3.1.1: fewer than 15 characters never stand alone.
  it('a short password alone leads nowhere, and both sides say what to do', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.nam);
      assert.equal(await browser.text('error-code'), 'unmet_authentication_requirements');
      assert.equal(await browser.has('visitor-name'), false);
      await browser.press('next');
      assert.match(await browser.text('problem'), /mật khẩu dài hơn/);
      await browser.photograph('refused-nam');
      // Somebody else at the same machine is not stuck on nam's page.
      await browser.press('sign-in');
      assert.ok(await browser.has('username-fault'));
      await givePassword(browser, demo.citizens.examiner);
      assert.equal(await browser.address(), `${demo.issuer}/home`);
    });
  });

  it('an expired card lowers the account to level 1', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.tuan);
      assert.equal(await browser.text('account-level'), '1');
    });
  });

  it('a foreigner logs in with the number of the residence card', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.anna);
      assert.equal(await browser.text('visitor-name'), demo.citizens.anna.name);
    });
  });
});

describe('wrong answers', () => {
  // ATK-098
  it('an unknown person and a wrong password look the same', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.lan;
      const pages = [];
      for (const number of [citizen.number, '001199999999']) {
        await goToLogin(browser, demo);
        await browser.type('username', number);
        await browser.type('password', 'not the right password');
        await browser.press('sign-in');
        assert.equal(await browser.value('username'), number, 'what was typed is kept');
        assert.equal(await browser.value('password'), '');
        pages.push(await browser.body());
        if (number === citizen.number) await browser.photograph('login-wrong');
      }
      assert.equal(pages[0], pages[1]);
    });
  });

  // ATK-103
  it('a code is taken once, and a wrong one not at all', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const citizen = demo.citizens.hung1;
      await browser.open(`${demo.portal}/login?procedure=1`);
      await givePassword(browser, citizen);
      await browser.type('totp', citizen.authenticator.wrongCode());
      await browser.press('verify');
      assert.match(await browser.text('problem'), /không đúng/);
      await browser.photograph('second-factor-wrong');
      await giveCode(browser, citizen);
      await passPages(browser, demo, citizen);
      assert.ok(await browser.has('visitor-name'));
    });
    await inBrowser({ width: 320 }, async (browser) => {
      const citizen = demo.citizens.hung1;
      await browser.open(`${demo.portal}/login?procedure=1`);
      await givePassword(browser, citizen);
      await browser.type('totp', citizen.authenticator.usedCode());
      await browser.press('verify');
      assert.ok(await browser.has('problem'));
    });
  });

  it('empty fields are named, and the summary leads to them', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await goToLogin(browser, demo);
      await browser.press('sign-in');
      assert.ok(await browser.has('username-fault'));
      assert.deepEqual(await browser.texts('#problem a[href="#username"]'), [
        'Nhập số định danh cá nhân hoặc số điện thoại',
      ]);
    });
  });
});

describe('by keyboard', () => {
  it('the fields follow each other and Enter sends the form', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.quynh;
      await goToLogin(browser, demo);
      await browser.type('username', citizen.number);
      assert.equal(await browser.tabFrom('username'), 'password');
      await browser.type('password', citizen.password);
      assert.equal(await browser.tabFrom('password'), 'sign-in');
      await browser.enter('password');
      await passPages(browser, demo, citizen);
      assert.ok(await browser.has('visitor-name'));
    });
  });
});

describe('prompt=select_account', () => {
  it('offers the present account and another one', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const [first, second] = [demo.citizens.quynh, demo.citizens.examiner];
      await logIn(browser, demo, first);
      await openLoginWith(browser, 'prompt=select_account');
      assert.equal(await browser.address(), `${demo.issuer}/select-account`);
      await browser.photograph('select-account');
      await browser.pressFirst('button.account');
      assert.equal(await browser.text('visitor-name'), first.name);

      await openLoginWith(browser, 'prompt=select_account');
      await browser.press('use-another-account');
      assert.equal(await browser.address(), `${demo.issuer}/login`);
      assert.equal(await browser.has('holder'), false, 'nobody is presumed');
      await passPages(browser, demo, second);
      assert.equal(await browser.text('visitor-name'), second.name);
    });
  });

  // op-traps 1
  it('prompt=login asks for the password although somebody is logged in', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.quynh;
      await logIn(browser, demo, citizen);
      await openLoginWith(browser, 'prompt=login');
      assert.equal(await browser.address(), `${demo.issuer}/login`);
      assert.ok(await browser.has('reason'));
      await passPages(browser, demo, citizen);
      assert.equal(await browser.text('visitor-name'), citizen.name);
    });
  });

  /** A login of the portal with one more parameter than it would send. */
  async function openLoginWith(browser, parameter) {
    const session = (await browser.cookies()).find(({ name }) => name === 'portal_session');
    const response = await fetch(`${demo.portal}/login`, {
      redirect: 'manual',
      headers: { cookie: `portal_session=${session.value}` },
    });
    await browser.open(`${response.headers.get('location')}&${parameter}`);
  }
});

describe('errors', () => {
  const hostile = [
    ['an unknown client', 'client_id=nobody&response_type=code', 400],
    ['an empty request', '', 400],
  ];
  for (const [what, query, status] of hostile) {
    it(`${what} gets a page with a request id and no redirect`, async () => {
      await inBrowser({ width: 320 }, async (browser) => {
        const address = `${demo.issuer}/authorize?${query}`;
        const response = await fetch(address, { redirect: 'manual' });
        assert.equal(response.status, status);
        await browser.open(address);
        assert.notEqual(await browser.text('request-id'), '');
        await browser.photograph('error');
      });
    });
  }

  it('a page that does not exist says so', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await browser.open(`${demo.issuer}/no-such-page`);
      assert.equal(await browser.heading(), 'Không tìm thấy trang');
    });
  });

  // ATK-091: a stolen login page is worth nothing in another browser.
  it('an interaction of another browser is refused', async () => {
    let stolen;
    await inBrowser({ width: 1280 }, async (browser) => {
      await goToLogin(browser, demo);
      stolen = await browser.url();
    });
    await inBrowser({ width: 1280 }, async (browser) => {
      await browser.open(stolen);
      assert.ok(await browser.has('request-id'));
      assert.equal(await browser.has('password'), false);
    });
  });
});
