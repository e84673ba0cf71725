// A browser without a screen: follows redirects, keeps cookies, fills in forms. For stock clients
// that need somebody to log in.

import assert from 'node:assert/strict';

/** Cookies of one host. Ports share them, as in browsers (RFC 6265 §8.5). */
class CookieJar {
  #cookies = new Map();

  header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const [name, value] = splitOnce(pair, '=');
      const gone = value === '' || attributes.some((part) => /^max-age=0$/i.test(part));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

/** A page that was received. */
export class Page {
  constructor(address, status, html) {
    this.address = address;
    this.status = status;
    this.html = html;
  }

  get path() {
    return new URL(this.address).pathname;
  }

  /** The values of hidden and filled fields of the only form, and where it goes. */
  form() {
    const [, attributes, body] = this.html.match(/<form([^>]*)>([\s\S]*?)<\/form>/) ?? [];
    assert.ok(attributes, `no form at ${this.address} (${this.status})`);
    const fields = new Map();
    for (const [, input] of body.matchAll(/<input([^>]*)>/g)) {
      const name = attribute(input, 'name');
      if (name && attribute(input, 'type') !== 'checkbox') {
        fields.set(name, attribute(input, 'value') ?? '');
      }
    }
    const action = attribute(attributes, 'action') ?? this.address;
    return { action: new URL(action, this.address).href, fields };
  }
}

export class Visitor {
  #jar = new CookieJar();

  /** Follows redirects until a page or an address that starts with `until`. */
  async open(address, until) {
    return this.#follow(await this.#fetch(address), address, until);
  }

  /** Sends the form of `page` with `answers` filled in. */
  async submit(page, answers, until) {
    const { action, fields } = page.form();
    const body = new URLSearchParams([...fields, ...Object.entries(answers)]);
    for (const [name, value] of Object.entries(answers)) body.set(name, value);
    const response = await this.#fetch(action, {
      method: 'POST',
      body,
      headers: { origin: new URL(action).origin, 'sec-fetch-site': 'same-origin' },
    });
    return this.#follow(response, action, until);
  }

  /**
   * Logs `citizen` in at `address` and agrees to what is asked; answers the address of the relying
   * party that the browser is sent to, and the pages seen on the way.
   */
  async logIn(address, citizen, redirectUri) {
    const seen = [];
    let page = await this.open(address, redirectUri);
    while (page instanceof Page) {
      seen.push(page.path);
      assert.ok(seen.length < 6, `going round in circles: ${seen.join(' ')}\n${page.html}`);
      page = await this.submit(page, await answers(page, citizen), redirectUri);
    }
    return { address: page, seen };
  }

  async #fetch(address, init = {}) {
    const headers = { ...init.headers, cookie: this.#jar.header() };
    const response = await fetch(address, { ...init, headers, redirect: 'manual' });
    this.#jar.keep(response);
    return response;
  }

  async #follow(response, address, until) {
    for (let hops = 0; response.headers.has('location'); hops += 1) {
      assert.ok(hops < 10, `too many redirects at ${address}`);
      assert.notEqual(response.status, 307, 'a 307 would send the password on');
      address = new URL(response.headers.get('location'), address).href;
      await response.body?.cancel();
      if (until && address.startsWith(until)) return new URL(address);
      response = await this.#fetch(address);
    }
    return new Page(address, response.status, await response.text());
  }
}

async function answers(page, citizen) {
  switch (page.path) {
    case '/login':
      return { username: citizen.number, password: citizen.password };
    case '/login/totp':
      return { totp: await citizen.authenticator.code() };
    case '/consent':
      return { decision: 'approve' };
    default:
      throw new Error(`nobody taught me ${page.path} (${page.status})\n${page.html}`);
  }
}

function attribute(attributes, name) {
  const found = attributes.match(new RegExp(`\\b${name}="([^"]*)"`));
  return found && unescape(found[1]);
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"' };

function unescape(text) {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&(amp|lt|gt|quot);/g, (_, name) => ENTITIES[name]);
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
