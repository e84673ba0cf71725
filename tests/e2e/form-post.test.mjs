// `response_mode=form_post` in a real browser: by a script of our own under a strict content security
// policy, and by a button where scripts are off.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';
import { passPages } from './lib/journeys.mjs';
import { startProvider } from './lib/provider.mjs';
import { LAN, registration } from './lib/registrations.mjs';

let provider;
let party;
let redirectUri;
before(async () => {
  party = createServer(showWhatCame).listen(0, '127.0.0.1');
  await once(party, 'listening');
  redirectUri = `http://localhost:${party.address().port}/callback`;
  provider = await startProvider({
    clients: [registration('web', redirectUri, 'method = "client_secret_basic"')],
    citizens: { lan: LAN },
  });
});
after(async () => {
  party?.close();
  await provider?.stop();
});

/** A relying party that shows the method and the names of what it was sent. */
async function showWhatCame(request, response) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const names = [...new URLSearchParams(body).keys()].sort().join(' ');
  const says = `${request.method} ${names}`;
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<!doctype html><html lang="en"><title>Came</title><h1 id="came">${says}</h1></html>`);
}

for (const scripts of ['on', 'off']) {
  it(`the answer arrives by POST with scripts ${scripts}`, async () => {
    await inBrowser({ width: 320, scripts }, async (browser) => {
      const query = new URLSearchParams({
        client_id: 'web',
        response_type: 'code',
        response_mode: 'form_post',
        redirect_uri: redirectUri,
        scope: 'openid',
        state: 'a-state',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      await browser.open(`${provider.issuer}/authorize?${query}`);
      await passPages(browser, provider, provider.citizens.lan);
      if (scripts === 'off') {
        await browser.photograph('form-post');
        await browser.press('continue');
      }
      assert.equal(await browser.text('came'), 'POST code iss state');
    });
  });
}
