// Keeps the app's own files, so that it opens without a network. Nothing of any account passes here:
// requests to the provider are POSTs, which are left alone.

const NAME = "vneid-app";
const FILES = [
  "/app/",
  "/app/app.js",
  "/app/device.js",
  "/app/server.js",
  "/app/scanner.js",
  "/app/app.css",
  "/assets/vneid.css",
  "/assets/emblem.svg",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FILES)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === self.location.origin && FILES.includes(pathname);
  if (event.request.method === "GET" && ours) event.respondWith(newest(event.request, pathname));
});

/** What the provider serves now, else what was kept. */
async function newest(request, pathname) {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(pathname, answer.clone());
    return answer;
  } catch (offline) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
    throw offline;
  }
}
