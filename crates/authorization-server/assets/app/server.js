// What is said to the provider: each request is one JWS (docs/api/app.yaml).

import { base64url } from "./device.js";

const text = new TextEncoder();
/** How far this clock is from the provider's, in seconds. */
let offset = 0;

/** The provider said no; `code` says why. */
export class Refused extends Error {
  constructor(status, { error, ...more }) {
    super(error);
    Object.assign(this, { status, code: error, ...more });
  }
}

/** Asks `action` for `content`. `signer`: a private key, and what the provider calls it. */
export async function ask(action, content, signer) {
  try {
    return await send(action, content, signer);
  } catch (refused) {
    if (!(refused instanceof Refused) || refused.code !== "stale_request") throw refused;
    offset = refused.server_time - Math.floor(Date.now() / 1000);
    return send(action, content, signer);
  }
}

async function send(action, content, { key, kid }) {
  const address = `${location.origin}/app/v1/${action}`;
  const header = { alg: "ES256", typ: "vneid-app+jwt", ...(kid && { kid }) };
  const claims = {
    aud: location.origin,
    htm: "POST",
    htu: address,
    iat: Math.floor(Date.now() / 1000) + offset,
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    req: content,
  };
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/jose" },
    credentials: "omit",
    body: await signed(key, header, claims),
  });
  const body = await answer.json().catch(() => ({ error: "unreadable" }));
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

async function signed(key, header, claims) {
  const part = (value) => base64url(text.encode(JSON.stringify(value)));
  const input = `${part(header)}.${part(claims)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, key, text.encode(input));
  return `${input}.${base64url(signature)}`;
}
