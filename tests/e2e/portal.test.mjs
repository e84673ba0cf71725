// A citizen at the demo portal, in a real browser: log in, agree, file, prove more, log out.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { file, giveCode, givePassword, goToLogin, logIn, passPages } from './lib/journeys.mjs';
import { startDemo } from './lib/provider.mjs';

// Procedures by what they need: account level, authentication level.
const LEVEL_2_PROCEDURE = 1;
const LEVEL_3_PROCEDURE = 3;
const LEVEL_4_PROCEDURE = 12;

let demo;
before(async () => (demo = await startDemo()));
after(async () => assert.equal(await demo?.stop(), 0, 'Ctrl-C ends the demo cleanly'));

describe('the main job', () => {
  const faces = [
    { width: 320, scripts: 'on', who: 'lan' },
    { width: 1280, scripts: 'on', who: 'hoan' },
    { width: 320, scripts: 'off', who: 'anna' },
  ];
  for (const { width, scripts, who } of faces) {
    it(`a citizen logs in, agrees and files at ${width} px with scripts ${scripts}`, async () => {
      await inBrowser({ width, scripts }, (browser) => mainJob(browser, demo.citizens[who]));
    });
  }

  async function mainJob(browser, citizen) {
    await browser.open(`${demo.portal}/`);
    assert.equal((await browser.texts('ol.procedures > li')).length, 25);
    await browser.photograph('portal-home');
    await browser.open(`${demo.portal}/procedures/${LEVEL_2_PROCEDURE}`);
    await browser.photograph('procedure');
    await browser.press('file');
    assert.equal(await browser.address(), `${demo.issuer}/login`);
    assert.match(await browser.body(), /Cổng Dịch vụ công quốc gia/);
    await browser.photograph('login');
    await givePassword(browser, citizen);
    assert.equal(await browser.address(), `${demo.issuer}/login/totp`);
    await browser.photograph('second-factor');
    await giveCode(browser, citizen);
    if ((await browser.address()) === `${demo.issuer}/consent`) {
      assert.deepEqual(await browser.texts('input[type=checkbox]:checked'), []);
      await browser.photograph('consent');
      await browser.press('approve');
    }
    assert.equal(await browser.address(), `${demo.portal}/procedures/${LEVEL_2_PROCEDURE}`);
    assert.equal(await browser.text('visitor-name'), citizen.name);
    assert.equal(await browser.text('account-level'), '2');
    assert.equal(await browser.text('authentication-level'), '2');
    assert.match(await browser.text('methods'), /pwd.*otp|otp.*pwd/);
    await browser.photograph('portal-logged-in');
    await browser.press('file');
    assert.match(await browser.address(), new RegExp(`^${demo.portal}/cases/`));
    assert.notEqual(await browser.text('case-number'), '');
    assert.match(await browser.text('seen'), /urn:vn:eid:auth:2/);
    await browser.photograph('receipt');
  }
});

describe('proving more', () => {
  it('a login by password alone is stepped up for a procedure of level 2', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.lan;
      await goToLogin(browser, demo);
      await givePassword(browser, citizen);
      const seen = await passPages(browser, demo, citizen);
      assert.ok(!seen.includes('/login/totp'), 'a long password stands alone at level 1');
      assert.equal(await browser.text('authentication-level'), '1');
      await browser.open(`${demo.portal}/procedures/${LEVEL_2_PROCEDURE}`);
      assert.notEqual(await browser.text('readiness'), '');
      await browser.press('file');
      assert.equal(await browser.address(), `${demo.issuer}/login/totp`);
      assert.ok(await browser.has('reason'), 'the page says why it asks for more');
      await browser.photograph('step-up');
      await giveCode(browser, citizen);
      assert.ok(await browser.has('stepped-up'));
      assert.equal(await browser.text('authentication-level'), '2');
      await browser.press('file');
      assert.ok(await browser.has('case-number'));
    });
  });

  for (const [level, procedure] of [[3, LEVEL_3_PROCEDURE], [4, LEVEL_4_PROCEDURE]]) {
    it(`a procedure of level ${level} explains that the account cannot reach it`, async () => {
      await inBrowser({ width: 320 }, async (browser) => {
        await logIn(browser, demo, demo.citizens.hung2);
        await file(browser, demo, procedure);
        assert.equal(await browser.text('error-code'), 'unmet_authentication_requirements');
        assert.match(await browser.heading(), new RegExp(`mức xác thực ${level}`));
        await browser.photograph(`level-${level}-out-of-reach`);
      });
    });
  }

  it('somebody without a second factor is told how to get one', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.quynh);
      assert.equal(await browser.text('authentication-level'), '1');
      await file(browser, demo, LEVEL_2_PROCEDURE);
      assert.equal(await browser.text('error-code'), 'unmet_authentication_requirements');
      assert.match(await browser.body(), /thêm ứng dụng tạo mã/);
    });
  });

  it('an account of level 1 is told that no login can raise it', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.minh);
      assert.equal(await browser.text('account-level'), '1');
      await file(browser, demo, LEVEL_2_PROCEDURE);
      assert.equal(await browser.text('error-code'), 'account_level_too_low');
    });
  });
});

describe('why this level', () => {
  it('an engineer sees requirement, vector, reasons and ways of a made-up citizen', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      const asked = 'citizen=lan&procedure=birth-registration&proven=password';
      await browser.open(`${demo.portal}/why?${asked}`);
      assert.notEqual(await browser.text('requirement'), '');
      assert.notEqual(await browser.text('vector'), '');
      assert.notEqual(await browser.text('outcome'), '');
      await browser.photograph('why-this-level');
      await browser.open(`${demo.portal}/why?citizen=nobody&procedure=x`);
      assert.ok(await browser.has('unknown'));
    });
  });
});

describe('saying no and leaving', () => {
  it('refusing consent leads back to the portal with nothing given', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.linh;
      await goToLogin(browser, demo);
      await givePassword(browser, citizen);
      if (await browser.has('totp')) await giveCode(browser, citizen);
      assert.equal(await browser.address(), `${demo.issuer}/consent`);
      await browser.press('deny');
      assert.equal(await browser.text('error-code'), 'access_denied');
      assert.equal(await browser.has('visitor-name'), false);
    });
  });

  it('a second login in the same browser asks for nothing', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.lan);
      await browser.forgetCookie('portal_session');
      await browser.open(`${demo.portal}/`);
      assert.equal(await browser.has('visitor-name'), false);
      await browser.press('login');
      assert.equal(await browser.address(), `${demo.portal}/`);
      assert.ok(await browser.has('visitor-name'));
    });
  });

  it('logging out at the portal logs out everywhere', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.lan);
      await browser.press('logout');
      if ((await browser.address()) === `${demo.issuer}/logout`) await browser.press('logout-yes');
      assert.equal(await browser.address(), `${demo.portal}/`);
      assert.ok(await browser.has('signed-out'));
      assert.equal(await browser.has('visitor-name'), false);
      await browser.press('login');
      assert.equal(await browser.address(), `${demo.issuer}/login`);
    });
  });

  // Back-Channel Logout: the portal is told without the browser's help.
  it('logging out at the provider ends the session at the portal', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.lan);
      await browser.open(`${demo.issuer}/logout`);
      await browser.press('logout-yes');
      assert.equal(await browser.address(), `${demo.issuer}/logged-out`);
      await browser.photograph('logged-out');
      await browser.eventually(`${demo.portal}/`, async () => !(await browser.has('visitor-name')));
    });
  });
});

describe('a browser is not a straight line', () => {
  it('the back button never shows a fault of ours', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      await browser.open(`${demo.portal}/procedures/${LEVEL_2_PROCEDURE}`);
      await logIn(browser, demo, demo.citizens.lan);
      do {
        await browser.back();
        if (await browser.has('request-id')) {
          assert.doesNotMatch(await browser.heading(), /sự cố|gián đoạn/);
        }
      } while (!(await browser.address()).includes('/procedures/'));
      await browser.open(`${demo.portal}/`);
      assert.ok(await browser.has('visitor-name'), 'nothing was lost on the way');
    });
  });

  it('two tabs can log in side by side', async () => {
    await inBrowser({ width: 1280 }, async (browser) => {
      const citizen = demo.citizens.lan;
      await goToLogin(browser, demo);
      const tabs = await browser.openTab(`${demo.portal}/login`);
      assert.equal(await browser.address(), `${demo.issuer}/login`);
      await tabs.toFirst();
      await passPages(browser, demo, citizen);
      assert.ok(await browser.has('visitor-name'));
      await tabs.toSecond();
      await passPages(browser, demo, citizen);
      assert.equal(await browser.address(), `${demo.portal}/`);
      assert.ok(await browser.has('visitor-name'));
    });
  });

  it('a used answer of the provider is not taken twice', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await logIn(browser, demo, demo.citizens.lan);
      await browser.open(`${demo.portal}/callback?code=used&state=used&iss=${demo.issuer}`);
      assert.equal(await browser.text('error-code'), 'login_not_recognised');
    });
  });

  it('the language chosen at login stays on the next pages', async () => {
    await inBrowser({ width: 320 }, async (browser) => {
      await goToLogin(browser, demo);
      assert.equal(await browser.language(), 'vi');
      await browser.press('language-en');
      assert.equal(await browser.language(), 'en');
      assert.equal(await browser.heading(), 'Sign in');
      await givePassword(browser, demo.citizens.bao);
      assert.equal(await browser.heading(), 'Enter your code');
      await browser.open(`${demo.issuer}/no-such-page`);
      assert.equal(await browser.language(), 'en');
    });
  });
});
