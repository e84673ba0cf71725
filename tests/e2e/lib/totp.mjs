// One-time codes as an authenticator app makes them (RFC 6238: SHA-1, six digits, 30 s).

import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const STEP = 30_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The bytes behind a base32 secret (RFC 4648 §6); spaces and padding are for people. */
export function decodeBase32(text) {
  let bits = '';
  for (const letter of text.toUpperCase().replace(/[\s=]/g, '')) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new Error(`not base32: ${letter}`);
    bits += value.toString(2).padStart(5, '0');
  }
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** The code of one time step (RFC 4226 §5.3). */
export function codeOfStep(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', decodeBase32(secret)).update(counter).digest();
  const at = mac[mac.length - 1] & 0x0f;
  return ((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0');
}

/**
 * An authenticator that knows which steps it has shown. The provider takes each step once and one
 * step either way (ATK-103), so up to three logins in a row need no waiting; the fourth has to
 * wait for time to pass, as a person would.
 */
export class Authenticator {
  #secret;
  #lastStep;

  constructor(secret, lastStep = 0) {
    this.#secret = secret;
    this.#lastStep = lastStep;
  }

  /** A code that was not used before. */
  async code() {
    for (;;) {
      const now = Date.now();
      // Late in a step its predecessor may have left the window by the time the code arrives.
      const oldest = Math.floor((now + 10_000) / STEP) - 1;
      const step = Math.max(oldest, this.#lastStep + 1);
      if (step * STEP <= now + STEP) {
        this.#lastStep = step;
        return codeOfStep(this.#secret, step);
      }
      await pause((step - 1) * STEP - now);
    }
  }

  /** The code that was used last: for trying it twice. */
  usedCode() {
    return codeOfStep(this.#secret, this.#lastStep);
  }

  /** Six digits that are wrong now and in the steps beside it. */
  wrongCode() {
    const now = Math.floor(Date.now() / STEP);
    const right = [-2, -1, 0, 1, 2].map((offset) => codeOfStep(this.#secret, now + offset));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
      (code) => !right.includes(code),
    );
  }
}
