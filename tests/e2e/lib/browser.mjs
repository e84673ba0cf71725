// A headless Chromium that looks at every page it comes to.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Browser as Kind, Builder, By, error, Key, logging, until } from 'selenium-webdriver';
import chrome from 'selenium-webdriver/chrome.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const CHROMEDRIVER = process.env.CHROMEDRIVER ?? '/usr/bin/chromedriver';
const SCREENSHOTS = process.env.VNEID_SCREENSHOTS ?? path.join(tmpdir(), 'vneid-screenshots');
const PATIENCE = 10_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Telephones draw scrollbars over the page; without this 320 px would be 305.
  '--hide-scrollbars',
];

/** Runs `story` in a browser of its own: fresh profile, given width, closed in any case. */
export async function inBrowser({ width = 1280, scripts = 'on' }, story) {
  const profile = await mkdtemp(path.join(tmpdir(), 'vneid-chromium-'));
  const driver = await start(profile);
  const browser = new Browser(driver, width, scripts);
  try {
    await browser.prepareTab();
    await story(browser);
    await browser.assertNoViolations();
  } catch (failure) {
    failure.message += await browser.whereabouts();
    throw failure;
  } finally {
    await driver.quit().catch(() => {});
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function start(profile) {
  const wanted = new logging.Preferences();
  wanted.setLevel(logging.Type.BROWSER, logging.Level.ALL);
  const options = new chrome.Options()
    .setBinaryPath(CHROMIUM)
    .addArguments(...FLAGS, `--user-data-dir=${profile}`)
    .setUserPreferences({ 'intl.accept_languages': 'vi' });
  options.setLoggingPrefs(wanted);
  return new Builder()
    .forBrowser(Kind.CHROME)
    .setChromeOptions(options)
    .setChromeService(new chrome.ServiceBuilder(CHROMEDRIVER))
    .build();
}

/** A plugged-in authenticator, and what becomes of it. */
class Authenticator {
  #driver;
  #authenticatorId;

  constructor(driver, authenticatorId) {
    this.#driver = driver;
    this.#authenticatorId = authenticatorId;
  }

  async credentials() {
    return (await this.#do('getCredentials')).credentials;
  }

  /** Puts back a key as it was, or as its thief has it. */
  async addCredential(credential) {
    await this.#do('addCredential', { credential });
  }

  async removeCredential(credentialId) {
    await this.#do('removeCredential', { credentialId });
  }

  /** Whether the next user gives the right PIN or finger. */
  async verifies(isUserVerified) {
    await this.#do('setUserVerified', { isUserVerified });
  }

  /** Whether it is touched when it is asked. */
  async isTouched(enabled) {
    await this.#do('setAutomaticPresenceSimulation', { enabled });
  }

  async #do(what, parameters = {}) {
    const wanted = { authenticatorId: this.#authenticatorId, ...parameters };
    return this.#driver.sendAndGetDevToolsCommand(`WebAuthn.${what}`, wanted);
  }
}

/** What a person does and sees. Every press and every address leads to a page that is checked. */
class Browser {
  #driver;
  #width;
  #scripts;

  constructor(driver, width, scripts) {
    this.#driver = driver;
    this.#width = width;
    this.#scripts = scripts;
  }

  get width() {
    return this.#width;
  }

  /** Viewport and scripts are properties of a tab. */
  async prepareTab() {
    const metrics = { width: this.#width, height: 900, deviceScaleFactor: 1, mobile: false };
    await this.#driver.sendDevToolsCommand('Emulation.setDeviceMetricsOverride', metrics);
    const value = this.#scripts === 'off';
    await this.#driver.sendDevToolsCommand('Emulation.setScriptExecutionDisabled', { value });
  }

  async open(address) {
    await this.#driver.get(address);
    await this.#inspect();
  }

  /** Opens `address` again until `holds`: for what another server is told in its own time. */
  async eventually(address, holds) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      await this.open(address);
      if (await holds()) return;
      assert.ok(Date.now() < deadline, `${address} did not change in time`);
    }
  }

  async back() {
    await this.#leavingPage(() => this.#driver.navigate().back());
  }

  async reload() {
    await this.#leavingPage(() => this.#driver.navigate().refresh());
  }

  /** Presses the button or link with this id and waits for the page it leads to. */
  async press(id) {
    const element = await this.#find(id);
    await this.#leavingPage(() => element.click());
  }

  /** Presses something whose page stays; `then` says what has to come of it. */
  async tap(id, then) {
    await (await this.#find(id)).click();
    await this.until(then, `pressing #${id} came to nothing`);
  }

  /** Waits for what a page's own script brings. */
  async until(holds, otherwise) {
    const settled = async () => {
      try {
        return await holds();
      } catch (failure) {
        // Another page, or another part of it, is just coming.
        if (failure instanceof error.WebDriverError) return false;
        throw failure;
      }
    };
    await this.#driver.wait(settled, PATIENCE, otherwise);
  }

  /** What axe-core finds on this page: nothing. */
  async assertAccessible() {
    await this.#driver.executeScript(AXE);
    const found = await this.#driver.executeAsyncScript(`
      const done = arguments[arguments.length - 1];
      axe.run().then(({ violations }) => done(
        violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)),
      ), (failure) => done([String(failure)]));`);
    assert.deepEqual(found, [], `axe-core on ${await this.#driver.getCurrentUrl()}`);
  }

  /** Presses the first element that matches a CSS selector. */
  async pressFirst(selector) {
    const element = await this.#driver.findElement(By.css(selector));
    await this.#leavingPage(() => element.click());
  }

  /** Presses what matches `selector` inside the first `row` that says so. */
  async pressIn(row, pattern, selector) {
    for (const element of await this.#driver.findElements(By.css(row))) {
      if (!pattern.test(await element.getText())) continue;
      const found = await element.findElement(By.css(selector));
      return this.#leavingPage(() => found.click());
    }
    assert.fail(`no ${row} says ${pattern}`);
  }

  /** Presses what changes this page only. */
  async click(selector) {
    await (await this.#driver.findElement(By.css(selector))).click();
  }

  /** Waits until the element with this id says so. */
  async shows(id, pattern) {
    const element = await this.#find(id);
    const says = async () => pattern.test(await element.getText());
    await this.#driver.wait(says, PATIENCE, `#${id} does not say ${pattern}`);
    await this.#inspect();
  }

  /** Opens `address` and waits until scripts and redirects have led to `end`. */
  async arrive(address, end) {
    await this.#driver.get(address);
    const arrived = async () => (await this.address()) === end;
    await this.#driver.wait(arrived, PATIENCE, `${address} does not lead to ${end}`);
    await this.#inspect();
  }

  /** Puts text into the field with this id, replacing what is there. */
  async type(id, text) {
    const field = await this.#find(id);
    await field.clear();
    await field.sendKeys(text);
  }

  /** The visible text of the element with this id. */
  async text(id) {
    return (await this.#find(id)).getText();
  }

  async attribute(id, name) {
    return (await this.#find(id)).getAttribute(name);
  }

  /** An attribute of the first element that matches. */
  async attributeOf(selector, name) {
    return (await this.#driver.findElement(By.css(selector))).getAttribute(name);
  }

  async value(id) {
    return this.attribute(id, 'value');
  }

  /** The visible text of everything that matches. */
  async texts(selector) {
    const elements = await this.#driver.findElements(By.css(selector));
    return Promise.all(elements.map((element) => element.getText()));
  }

  async has(id) {
    return (await this.#driver.findElements(By.id(id))).length > 0;
  }

  async heading() {
    return (await this.#driver.findElement(By.css('h1'))).getText();
  }

  async language() {
    return (await this.#driver.findElement(By.css('html'))).getAttribute('lang');
  }

  /** Scheme, host, port and path of this page. */
  async address() {
    const url = new URL(await this.#driver.getCurrentUrl());
    return `${url.origin}${url.pathname}`;
  }

  async url() {
    return this.#driver.getCurrentUrl();
  }

  async body() {
    return (await this.#driver.findElement(By.css('body'))).getText();
  }

  async cookies() {
    return this.#driver.manage().getCookies();
  }

  async addCookie(cookie) {
    await this.#driver.manage().addCookie(cookie);
  }

  async forgetCookie(name) {
    await this.#driver.manage().deleteCookie(name);
  }

  /** Opens `address` in a new tab and stays there; answers how to get back to either tab. */
  async openTab(address) {
    const first = await this.#driver.getWindowHandle();
    await this.#driver.switchTo().newWindow('tab');
    const second = await this.#driver.getWindowHandle();
    await this.prepareTab();
    await this.open(address);
    return {
      toFirst: () => this.#driver.switchTo().window(first),
      toSecond: () => this.#driver.switchTo().window(second),
    };
  }

  /** The id of the element that the Tab key leads to from the one with this id. */
  async tabFrom(id) {
    await (await this.#find(id)).sendKeys(Key.TAB);
    return this.#driver.switchTo().activeElement().getAttribute('id');
  }

  /** Presses Enter in the field with this id. */
  async enter(id) {
    const field = await this.#find(id);
    await this.#leavingPage(() => field.sendKeys(Key.ENTER));
  }

  /** A picture of the whole page, named after what it shows and the width. */
  async photograph(name) {
    const { cssContentSize } = await this.#driver.sendAndGetDevToolsCommand('Page.getLayoutMetrics');
    const clip = { x: 0, y: 0, width: this.#width, height: cssContentSize.height, scale: 1 };
    const request = { format: 'png', captureBeyondViewport: true, clip };
    const { data } = await this.#driver.sendAndGetDevToolsCommand('Page.captureScreenshot', request);
    await mkdir(SCREENSHOTS, { recursive: true });
    await writeFile(path.join(SCREENSHOTS, `${name}-${this.#width}.png`), data, 'base64');
  }

  /**
   * Plugs an authenticator into this tab: built into the device, keeps discoverable passkeys, touched
   * at once whenever it is asked.
   */
  async plugInAuthenticator({ verifies = true, synced = false, transport = 'internal' } = {}) {
    await this.#driver.sendDevToolsCommand('WebAuthn.enable', {});
    const options = {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: verifies,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: synced,
      defaultBackupState: synced,
    };
    const plugged = await this.#driver.sendAndGetDevToolsCommand(
      'WebAuthn.addVirtualAuthenticator',
      { options },
    );
    return new Authenticator(this.#driver, plugged.authenticatorId);
  }

  async assertNoViolations() {
    const entries = await this.#driver.manage().logs().get(logging.Type.BROWSER);
    const violations = entries
      .map((entry) => entry.message)
      // The browser's own start page minds that scripts are off.
      .filter((message) => !message.startsWith('chrome://'))
      .filter((message) => /content security policy|refused to|uncaught/i.test(message));
    assert.deepEqual(violations, [], 'the console shows violations');
  }

  /** For failure messages: where the story ended. */
  async whereabouts() {
    try {
      const body = (await this.body()).slice(0, 1500);
      return `\n--- ${await this.#driver.getCurrentUrl()}\n${body}`;
    } catch {
      return '\n--- the browser is gone';
    }
  }

  async #find(id) {
    return this.#driver.wait(until.elementLocated(By.id(id)), PATIENCE, `no element #${id}`);
  }

  async #leavingPage(act) {
    const mark = randomUUID();
    await this.#driver.executeScript('window.leftBehind = arguments[0]', mark);
    await act();
    await this.#driver.wait(() => this.#arrived(mark), PATIENCE, 'the page did not change');
    await this.#inspect();
  }

  /** Whether another page than the marked one is there, completely. */
  async #arrived(mark) {
    const arrived = 'return document.readyState === "complete" && window.leftBehind !== arguments[0]';
    try {
      return await this.#driver.executeScript(arrived, mark);
    } catch (failure) {
      // Between two pages there is nothing to ask.
      if (failure instanceof error.WebDriverError) return false;
      throw failure;
    }
  }

  /** What must hold on every page, ours and the portal's. */
  async #inspect() {
    const page = await this.#driver.executeScript(`
      return {
        needed: document.scrollingElement.scrollWidth,
        given: innerWidth,
        headings: document.querySelectorAll('h1').length,
        language: document.documentElement.lang,
        title: document.title,
      };`);
    const here = await this.#driver.getCurrentUrl();
    assert.ok(page.needed <= page.given, `${here} is ${page.needed} px wide on ${page.given} px`);
    assert.equal(page.given, this.#width);
    assert.equal(page.headings, 1, `${here} has ${page.headings} first-level headings`);
    assert.match(page.language, /^(vi|en)$/, here);
    assert.notEqual(page.title, '', here);
  }
}
