// What the provider would have sent: the development outbox, as a telephone and a mailbox.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE = 10_000;
const ROW = /outbox-to">([^<]*)<[^]*?outbox-text">([^<]*)</g;

/** Every message that is kept, newest first. */
export async function outbox({ issuer }) {
  const response = await fetch(`${issuer}/dev/outbox`);
  const rows = (await response.text()).matchAll(ROW);
  return [...rows].map(([, address, text]) => ({ address, text }));
}

/** The newest message to this address that says so; some leave a moment after the page came. */
export async function messageTo(provider, address, pattern) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const all = await outbox(provider);
    const found = all.find((message) => message.address === address && pattern.test(message.text));
    if (found) return found.text;
    assert.ok(Date.now() < deadline, `nothing to ${address} says ${pattern}: ${JSON.stringify(all)}`);
    await pause(50);
  }
}

/** The six digits that such a message begins with. */
export async function codeTo(provider, address, pattern) {
  return (await messageTo(provider, address, pattern)).slice(0, 6);
}
