// What axe-core finds on every face of every page, on a telephone in Vietnamese and on a desk in English:
// nothing. The pages are those of `samples::all`, written by the example `render_pages` into the folder
// VNEID_PAGES; a unit test there fails when a page is missing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, it } from 'node:test';

import { inBrowser } from './lib/browser.mjs';

const PAGES = process.env.VNEID_PAGES;
const TYPES = { '.css': 'text/css', '.svg': 'image/svg+xml', '.js': 'text/javascript' };

let server;
let address;
before(async () => {
  assert.ok(PAGES, 'VNEID_PAGES names the folder that render_pages wrote');
  server = createServer(async (request, response) => {
    const name = path.normalize(new URL(request.url, 'http://localhost').pathname);
    try {
      // A page that sends itself would be gone before it can be looked at.
      assert.ok(!name.endsWith('/form-post.js'));
      const body = await readFile(path.join(PAGES, name));
      const type = TYPES[path.extname(name)] ?? 'text/html; charset=utf-8';
      response.writeHead(200, { 'content-type': type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => server?.close());

for (const { width, language } of [{ width: 320, language: 'vi' }, { width: 1280, language: 'en' }]) {
  it(`axe-core finds nothing on any page at ${width} px`, async () => {
    const written = await readdir(PAGES);
    const names = written.filter((name) => name.endsWith(`.${language}.html`)).sort();
    assert.ok(names.length > 80, `only ${names.length} pages are in ${PAGES}`);
    await inBrowser({ width }, async (browser) => {
      for (const name of names) {
        await browser.open(`${address}/${name}`);
        await browser.assertAccessible();
        if (process.env.VNEID_SCREENSHOTS) await browser.photograph(`face-${name.split('.')[0]}`);
      }
    });
  });
}
