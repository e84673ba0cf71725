// This device: its two keys, and what it remembers. All of it lies in the browser's own database.
//
// The device key cannot be taken out of the browser (WebCrypto, not extractable); it signs everything.
// The activation key signs approvals. It rests encrypted twice: under the PIN, and under a key that
// cannot be taken out either. Both are software: whoever owns the browser's process owns them.

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const ROUNDS = 600_000;
const MOST_WRONG_PINS = 10;
const MOST_REMEMBERED = 50;

const text = new TextEncoder();

export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** A fresh device. `keys` is what the provider is told, `keep` what this browser keeps. */
export async function create(pin) {
  const device = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
  const activation = await crypto.subtle.generateKey(CURVE, true, ["sign"]);
  const sealing = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const publicOf = async (pair) => base64url(await crypto.subtle.exportKey("raw", pair.publicKey));
  const keys = { key: await publicOf(device), activation_key: await publicOf(activation) };
  const secret = await crypto.subtle.exportKey("pkcs8", activation.privateKey);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const inner = await encrypt(await keyOfPin(pin, salt), secret);
  new Uint8Array(secret).fill(0);
  const wrapped = await encrypt(sealing, inner);
  const keep = { key: device.privateKey, sealing, salt, wrapped, wrongPins: 0 };
  return { keys, keep };
}

/** The activation key, for one approval. Throws `WrongPin`; after ten of them it is gone. */
export async function unlock(device, pin) {
  if (device.wrongPins >= MOST_WRONG_PINS) throw new WrongPin(0);
  // Counted before it is tried: closing the app does not give a try back.
  await remember({ ...device, wrongPins: device.wrongPins + 1 });
  try {
    const inner = await decrypt(device.sealing, device.wrapped);
    const secret = await decrypt(await keyOfPin(pin, device.salt), inner);
    const key = await crypto.subtle.importKey("pkcs8", secret, CURVE, false, ["sign"]);
    await remember({ ...device, wrongPins: 0 });
    return key;
  } catch {
    throw new WrongPin(MOST_WRONG_PINS - device.wrongPins - 1);
  }
}

export class WrongPin extends Error {
  constructor(triesLeft) {
    super("wrong PIN");
    this.triesLeft = triesLeft;
  }
}

/** PINs that everybody tries first. */
export const isEasy = (pin) => {
  const steps = [...pin].slice(1).map((digit, at) => Number(digit) - Number(pin[at]));
  return steps.every((step) => step === 0) || steps.every((step) => Math.abs(step) === 1);
};

async function keyOfPin(pin, salt) {
  const material = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, [
    "deriveKey",
  ]);
  const rule = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  const aes = { name: "AES-GCM", length: 256 };
  return crypto.subtle.deriveKey(rule, material, aes, false, ["encrypt", "decrypt"]);
}

async function encrypt(key, plaintext) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plaintext);
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

async function decrypt(key, sealed) {
  const iv = sealed.slice(0, 12);
  const plaintext = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed.slice(12));
  return new Uint8Array(plaintext);
}

export const remember = (device) => write("device", device);
export const recall = () => read("device");
export const answers = async () => (await read("answers")) ?? [];

export async function addAnswer(answer) {
  await write("answers", [answer, ...(await answers())].slice(0, MOST_REMEMBERED));
}

/** The keys and all that was remembered. */
export const forget = () => within("readwrite", (store) => store.clear());

const read = (name) => within("readonly", (store) => store.get(name));
const write = (name, value) => within("readwrite", (store) => store.put(value, name));

async function within(mode, act) {
  const database = await settled(
    Object.assign(indexedDB.open("vneid-app", 1), {
      onupgradeneeded: ({ target }) => target.result.createObjectStore("kept"),
    }),
  );
  try {
    return await settled(act(database.transaction("kept", mode).objectStore("kept")));
  } finally {
    database.close();
  }
}

function settled(request) {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
