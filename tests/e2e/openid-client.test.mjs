// The npm package `openid-client`, as any portal would use it, against the real binary: every way a
// client can authenticate, from discovery to logout.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import * as oidc from 'openid-client';

import { startProvider } from './lib/provider.mjs';
import { LAN, inline, registration } from './lib/registrations.mjs';
import { Page, Visitor } from './lib/visitor.mjs';

const SECRET = 'a-secret-of-this-test-run-and-of-no-other-place';
const WEB = 'http://localhost:9/callback';
const NATIVE = 'http://127.0.0.1:9/callback';

let provider;
let keys;
before(async () => {
  keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey);
  provider = await startProvider({
    clients: [
      registration('basic', WEB, `method = "client_secret_basic"\nclient_secret = "${SECRET}"`),
      registration('post', WEB, `method = "client_secret_post"\nclient_secret = "${SECRET}"`),
      registration('jwt', WEB, `method = "private_key_jwt"\njwks = { keys = [${inline(jwk)}] }`),
      registration('public', NATIVE, 'method = "none"'),
      registration('rsa', WEB, `method = "client_secret_basic"\nclient_secret = "${SECRET}"`, {
        id_token_algorithm: '"RS256"',
      }),
    ],
    citizens: { lan: LAN },
  });
});
after(async () => assert.equal(await provider?.stop(), 0));

/** What differs between clients: how they authenticate and where they live. */
const CLIENTS = {
  basic: { redirectUri: WEB, authentication: () => oidc.ClientSecretBasic(SECRET) },
  post: { redirectUri: WEB, authentication: () => oidc.ClientSecretPost(SECRET) },
  jwt: {
    redirectUri: WEB,
    authentication: () => oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'test' }),
  },
  public: { redirectUri: NATIVE, authentication: () => oidc.None() },
  rsa: {
    redirectUri: WEB,
    authentication: () => oidc.ClientSecretBasic(SECRET),
    metadata: { id_token_signed_response_alg: 'RS256' },
  },
};

/** A stock client that has read the provider's metadata, with the helpers a portal would write. */
class Portal {
  static async discover(id) {
    const { redirectUri, authentication, metadata = {} } = CLIENTS[id];
    const portal = new Portal();
    portal.redirectUri = redirectUri;
    portal.configuration = await oidc.discovery(
      new URL(provider.issuer),
      id,
      metadata,
      authentication(),
      { execute: [oidc.allowInsecureRequests] },
    );
    return portal;
  }

  /** A fresh authorization request: the address, and what the answer is checked against. */
  async request(parameters = {}) {
    const checks = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
    };
    const address = oidc.buildAuthorizationUrl(this.configuration, {
      redirect_uri: this.redirectUri,
      scope: 'openid profile phone offline_access',
      prompt: 'consent',
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    });
    return { address: address.href, checks };
  }

  /** Everything up to the tokens. */
  async logIn(visitor, parameters) {
    const { address, checks } = await this.request(parameters);
    const { lan } = provider.citizens;
    const answer = await visitor.logIn(address, lan, this.redirectUri);
    const tokens = await oidc.authorizationCodeGrant(this.configuration, answer.address, checks);
    return { tokens, answer, checks };
  }

  introspect(token) {
    return oidc.tokenIntrospection(this.configuration, token);
  }
}

const refusedWith = (error) => (failure) => failure.error === error;

for (const id of ['basic', 'post', 'jwt', 'rsa']) {
  it(`${id}: from discovery to logout`, async () => {
    const portal = await Portal.discover(id);
    const visitor = new Visitor();
    const { tokens } = await portal.logIn(visitor);
    const claims = tokens.claims();
    assert.match(claims.acr, /^urn:vn:eid:/);
    assert.ok(claims.amr.includes('pwd'));
    assert.equal(claims.assurance.vn_account_level, 2);

    const person = await oidc.fetchUserInfo(portal.configuration, tokens.access_token, claims.sub);
    assert.equal(person.name, 'Nguyễn Thị Lan');
    assert.equal(person.birthdate, '2001-06-15');
    assert.equal(person.phone_number, '+84912000999');
    assert.equal(person.vn_personal_number, undefined, 'it was not asked for');

    const seen = await portal.introspect(tokens.access_token);
    assert.equal(seen.active, true);
    assert.equal(seen.sub, claims.sub);
    assert.equal(seen.client_id, id);
    assert.deepEqual(seen.assurance, claims.assurance);

    const renewed = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token);
    assert.notEqual(renewed.access_token, tokens.access_token);
    assert.equal(renewed.claims()?.sub ?? claims.sub, claims.sub);
    assert.equal(renewed.claims()?.auth_time ?? claims.auth_time, claims.auth_time);
    assert.equal((await portal.introspect(renewed.access_token)).active, true);

    const refreshToken = renewed.refresh_token ?? tokens.refresh_token;
    await oidc.tokenRevocation(portal.configuration, refreshToken);
    await assert.rejects(
      oidc.refreshTokenGrant(portal.configuration, refreshToken),
      refusedWith('invalid_grant'),
    );
    assert.deepEqual(await portal.introspect(renewed.access_token), { active: false });

    await logOut(portal, visitor, tokens.id_token);
    const { address } = await portal.request({ prompt: 'none' });
    const silent = await visitor.open(address, portal.redirectUri);
    assert.equal(silent.searchParams.get('error'), 'login_required');
    assert.equal(silent.searchParams.get('iss'), provider.issuer);
  });
}

async function logOut(portal, visitor, idToken) {
  const back = new URL('/bye', portal.redirectUri).href;
  const address = oidc.buildEndSessionUrl(portal.configuration, {
    id_token_hint: idToken,
    post_logout_redirect_uri: back,
    state: 'where-was-I',
  });
  const there = await visitor.open(address.href, back);
  assert.equal(there.href, `${back}?state=where-was-I`);
}

describe('a public client', () => {
  it('logs in with PKCE alone, and its refresh tokens rotate', async () => {
    const portal = await Portal.discover('public');
    const visitor = new Visitor();
    const { tokens } = await portal.logIn(visitor);
    const { sub } = tokens.claims();
    await oidc.fetchUserInfo(portal.configuration, tokens.access_token, sub);

    const renewed = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    const again = await oidc.refreshTokenGrant(portal.configuration, renewed.refresh_token);

    // Whoever uses the first one now is not the client: the whole family ends.
    await assert.rejects(
      oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token),
      refusedWith('invalid_grant'),
    );
    await assert.rejects(
      oidc.refreshTokenGrant(portal.configuration, again.refresh_token),
      refusedWith('invalid_grant'),
    );
    await logOut(portal, visitor, tokens.id_token);
  });

  it('may not introspect', async () => {
    const portal = await Portal.discover('public');
    await assert.rejects(portal.introspect('anything'), (failure) => failure.status === 401);
  });
});

describe('a code', () => {
  // op-traps 8
  it('works once; a second use takes back what the first one gave', async () => {
    const portal = await Portal.discover('basic');
    const { tokens, answer, checks } = await portal.logIn(new Visitor());
    await assert.rejects(
      oidc.authorizationCodeGrant(portal.configuration, answer.address, checks),
      refusedWith('invalid_grant'),
    );
    assert.deepEqual(await portal.introspect(tokens.access_token), { active: false });
  });

  it('of one client is worth nothing to another', async () => {
    const [portal, thief] = [await Portal.discover('basic'), await Portal.discover('post')];
    const { address, checks } = await portal.request();
    const answer = await new Visitor().logIn(address, provider.citizens.lan, WEB);
    await assert.rejects(
      oidc.authorizationCodeGrant(thief.configuration, answer.address, checks),
      refusedWith('invalid_grant'),
    );
  });
});

describe('a second login in the same browser', () => {
  it('asks for nothing, silently too, and tells the same time of authentication', async () => {
    const portal = await Portal.discover('basic');
    const visitor = new Visitor();
    const first = await portal.logIn(visitor);
    const second = await portal.logIn(visitor, { prompt: 'none', max_age: '3600' });
    assert.deepEqual(second.answer.seen, []);
    assert.equal(second.tokens.claims().auth_time, first.tokens.claims().auth_time);
  });

  it('can be asked for anew, and is asked for more when more is needed', async () => {
    const portal = await Portal.discover('basic');
    const visitor = new Visitor();
    await portal.logIn(visitor, { prompt: '' });
    const anew = await portal.logIn(visitor, { prompt: 'login' });
    assert.ok(anew.answer.seen.includes('/login'));
    const more = await portal.logIn(visitor, { prompt: '', acr_values: 'urn:vn:eid:auth:2' });
    assert.equal(more.tokens.claims().acr, 'urn:vn:eid:auth:2');
    assert.ok(more.tokens.claims().amr.includes('otp'));
  });

  // OC-02: pairwise subjects are equal for one sector and nothing else.
  it('gives the same subject to the same client', async () => {
    const portal = await Portal.discover('basic');
    const subjects = [];
    for (let times = 0; times < 2; times += 1) {
      subjects.push((await portal.logIn(new Visitor())).tokens.claims().sub);
    }
    assert.equal(subjects[0], subjects[1]);
  });
});

it('form_post brings the answer in a form, with a button for browsers without scripts', async () => {
  const portal = await Portal.discover('basic');
  const visitor = new Visitor();
  await portal.logIn(visitor);
  const { address, checks } = await portal.request({ prompt: '', response_mode: 'form_post' });
  const page = await visitor.open(address);
  assert.ok(page instanceof Page);
  assert.match(page.html, /id="continue"/);
  const { action, fields } = page.form();
  assert.equal(action, WEB);
  const answer = new Request(action, { method: 'POST', body: new URLSearchParams([...fields]) });
  const tokens = await oidc.authorizationCodeGrant(portal.configuration, answer, checks);
  assert.ok(tokens.access_token);
});

it('a client that was switched off is refused within a second', async () => {
  const portal = await Portal.discover('post');
  const visitor = new Visitor();
  const { tokens } = await portal.logIn(visitor);
  await provider.vneid('client', 'disable', 'post');
  const { address } = await portal.request();
  const deadline = Date.now() + 5000;
  let page;
  do page = await visitor.open(address);
  while (page.status === 200 && Date.now() < deadline);
  assert.equal(page.status, 400);
  await assert.rejects(oidc.fetchUserInfo(portal.configuration, tokens.access_token, oidc.skipSubjectCheck));
  await provider.vneid('client', 'enable', 'post');
});
