// The ways citizens take through the pages, for the tests to build on.

/** From the portal's front page to the provider's login page. */
export async function goToLogin(browser, demo) {
  await browser.open(`${demo.portal}/`);
  await browser.press('login');
}

/** Number and password. */
export async function givePassword(browser, citizen, password = citizen.password) {
  if (await browser.has('username')) await browser.type('username', citizen.number);
  await browser.type('password', password);
  await browser.press('sign-in');
}

/** A fresh code of the authenticator app. */
export async function giveCode(browser, citizen) {
  await browser.type('totp', await citizen.authenticator.code());
  await browser.press('verify');
}

/** From the portal's front page through whatever pages come, back to the portal. */
export async function logIn(browser, demo, citizen) {
  await goToLogin(browser, demo);
  await passPages(browser, demo, citizen);
}

/** Answers the provider's pages until it lets go; answers the paths of the pages seen. */
export async function passPages(browser, demo, citizen) {
  const seen = [];
  for (;;) {
    const address = await browser.address();
    if (!address.startsWith(`${demo.issuer}/`) || seen.length > 5) return seen;
    seen.push(new URL(address).pathname);
    if (await browser.has('problem')) return seen;
    if (await browser.has('sign-in')) await givePassword(browser, citizen);
    else if (await browser.has('verify')) await giveCode(browser, citizen);
    else if (await browser.has('approve')) await browser.press('approve');
    else if (await browser.has('use-passkey')) await takeCodeInstead(browser);
    else return seen;
  }
}

/** Somebody without their passkey at hand. */
async function takeCodeInstead(browser) {
  await browser.press('other-ways');
  await browser.press('method-totp');
}

/** Opens a procedure by its number and presses the button that files it. */
export async function file(browser, demo, number) {
  await browser.open(`${demo.portal}/procedures/${number}`);
  await browser.press('file');
}

/** Opens one of the citizen's own pages, and proves whatever that takes. */
export async function comeTo(browser, demo, citizen, path) {
  await browser.open(`${demo.issuer}${path}`);
  return passPages(browser, demo, citizen);
}

/** Ends the session here. */
export async function leaveProvider(browser, provider) {
  await browser.open(`${provider.issuer}/logout`);
  await browser.press('logout-yes');
}

/** The same, and the portal's. */
export async function leave(browser, demo) {
  await leaveProvider(browser, demo);
  await browser.forgetCookie('portal_session');
}
