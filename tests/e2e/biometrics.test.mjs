// A face beside the citizen's app, compared by the simulated matcher, which runs as a process of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { givePassword, leaveProvider, passPages } from './lib/journeys.mjs';
import { Server, freePorts, startProvider } from './lib/provider.mjs';
import { LAN, registration } from './lib/registrations.mjs';
import { approve, goesOn, heading, numberOf, pairFrom } from './lib/telephone.mjs';

const SETTINGS = `
reference_app = true
biometrics.matchers_file = "matchers.toml"
`;

let party;
let redirectUri;
let matcher;
let simulator;
let provider;
before(async () => {
  const came = '<!doctype html><html lang="en"><title>Came</title><h1>Came</h1></html>';
  party = createServer((_, response) => response.setHeader('content-type', 'text/html').end(came));
  party.listen(0, '127.0.0.1');
  await once(party, 'listening');
  redirectUri = `http://localhost:${party.address().port}/callback`;
  const listen = `127.0.0.1:${await freePorts(1)}`;
  matcher = `http://${listen}`;
  provider = await startProvider({
    clients: [registration('web', redirectUri, 'method = "client_secret_basic"')],
    citizens: { lan: LAN },
    settings: SETTINGS,
    prepare: async (vneid, directory) => {
      const file = path.join(directory, 'matchers.toml');
      await writeFile(file, '');
      await writeFile(file, await vneid('matcher', '--registration', '--listen', listen));
      simulator = new Server(['--config', 'vneid.toml', 'matcher', '--listen', listen], directory);
      await simulator.untilReady([`${matcher}/dials`]);
    },
  });
  await provider.vneid('citizen', 'biometric', LAN.number, '--modality', 'face', '--reference', 'simulator/42');
});
after(async () => {
  party?.close();
  await simulator?.stop();
  await provider?.stop();
});

/** What the camera of the simulator sees from now on. */
async function turn(dials) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${matcher}/dials`, { method: 'PUT', headers, body: JSON.stringify(dials) });
  assert.ok(answer.ok, `${answer.status}`);
}

/** To the page that asks for the face: password, then the app. */
async function comeToFace(browser, phone) {
  const query = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
    state: 'a-state',
    acr_values: 'urn:vn:eid:auth:3',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  await browser.open(`${provider.issuer}/authorize?${query}`);
  await givePassword(browser, provider.citizens.lan);
  assert.equal(await browser.address(), `${provider.issuer}/login/app`, 'the app comes first');
  // Who is known already finds the question in their app, without a scan.
  await phone.until(heading(phone, 'Xác nhận đăng nhập'), 'no question came');
  await approve(phone, await numberOf(browser));
  await goesOn(browser);
  assert.equal(await browser.address(), `${provider.issuer}/login/face`);
}

async function capture(browser) {
  await browser.press('begin-capture');
  assert.ok((await browser.address()).startsWith('http://localhost:'), 'at the matcher');
  await browser.press('capture');
}

it('a face counts beside the app, a picture of it does not', async () => {
  // L5, edge case 3; ATK-107
  const citizen = provider.citizens.lan;
  await inBrowser({ width: 320 }, async (phone) => {
    await inBrowser({ width: 320 }, async (browser) => {
      await pairFrom(browser, phone, provider, citizen, 'Điện thoại của Lan');
      await leaveProvider(browser, provider);

      await comeToFace(browser, phone);
      await browser.photograph('face');
      await browser.assertAccessible();
      await turn({ sample: 'spoof' });
      await capture(browser);
      await browser.until(() => browser.has('begin-capture'), 'not back at our page');
      assert.match(await browser.body(), /So khớp không thành công/);
      await browser.photograph('face-refused');

      await turn({});
      await capture(browser);
      const through = async () => (await browser.url()).includes('code=') || (await browser.has('approve'));
      await browser.until(through, 'the comparison did not count');
      await passPages(browser, provider, citizen);
      assert.match(await browser.url(), /[?&]code=/);
    });
  });
});
