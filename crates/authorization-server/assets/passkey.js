// Hands the question in this page's form to the browser's passkeys, and their answer back to the form.
// Options, texts and where the answer goes come with the form. Whoever has no scripts goes another way.
const form = document.getElementById("passkey");
const isLogin = form.dataset.ceremony === "login";
const fault = document.getElementById("passkey-fault");
let asking;

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// The options as the browser wants them: bytes where JSON has text.
function publicKey() {
  const options = JSON.parse(form.dataset.options);
  const withId = (entry) => ({ ...entry, id: toBytes(entry.id) });
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user = withId(options.user);
  options.allowCredentials = options.allowCredentials?.map(withId);
  options.excludeCredentials = options.excludeCredentials?.map(withId);
  return options;
}

function answer(credential) {
  const { response } = credential;
  const bytes = {
    "credential-id": credential.rawId,
    "client-data": response.clientDataJSON,
    "authenticator-data": response.authenticatorData,
    "attestation-object": response.attestationObject,
    signature: response.signature,
    "user-handle": response.userHandle,
  };
  for (const [name, value] of Object.entries(bytes)) {
    const field = form.elements.namedItem(name);
    if (field && value) field.value = toText(value);
  }
  form.submit();
}

// "conditional": offered in the list under the name's field, and silent until somebody takes it.
async function ask(mediation) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  fault.hidden = true;
  try {
    const question = { publicKey: publicKey(), signal };
    const credential = isLogin
      ? await navigator.credentials.get({ ...question, mediation })
      : await navigator.credentials.create(question);
    answer(credential);
  } catch (error) {
    if (signal.aborted || mediation === "conditional") return;
    const { cancelled, known, unsupported } = form.dataset;
    const texts = { NotAllowedError: cancelled, InvalidStateError: known };
    fault.textContent = texts[error.name] ?? unsupported;
    fault.hidden = false;
  }
}

if (window.PublicKeyCredential) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask("optional");
  });
  if (form.dataset.autofill && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    ask("conditional");
  }
}
