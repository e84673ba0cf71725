// The screens of the reference app, and the ways between them.
//
//   bind ──> home ──> question ──> done ──> home        history · device ──> removed ──> bind
//
// One screen is in the page at a time; the rest are templates. Where to go stands in the fragment:
// #home, #history, #device; #bind=number.code and #open=code are links from the provider's pages.

import * as device from "./device.js";
import { Refused, ask } from "./server.js";
import { canScan, scan } from "./scanner.js";

const EVERY = 3000;
const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
const at = (id) => document.getElementById(id);
const dong = new Intl.NumberFormat("vi");
const clock = new Intl.DateTimeFormat("vi", { dateStyle: "short", timeStyle: "medium" });

/** What this device knows of itself; undefined until it is bound. */
let known;
/** Ends what the screen before left running. */
let leave = () => {};

function show(name) {
  leave();
  leave = () => {};
  main.replaceChildren(at(`screen-${name}`).content.cloneNode(true));
  document.title = `${main.querySelector("h1").textContent} – vneid`;
  // A question is answered before anything else.
  tabs.hidden = !known || !at(`tab-${name}`);
  for (const tab of tabs.querySelectorAll("a")) {
    if (tab.id === `tab-${name}`) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  main.focus();
}

function fault(words) {
  at("fault").textContent = words;
  at("fault").hidden = !words;
}

const WORDS = {
  binding_code: "Mã ghép không đúng, đã được dùng hoặc đã hết hạn. Hãy lấy mã mới.",
  code_expired: "Mã QR này đã đổi. Hãy quét mã đang hiện trên màn hình.",
  already_scanned: "Mã này đã được quét bằng một thiết bị khác. Nếu không phải bạn, đừng xác nhận gì.",
  other_person: "Trình duyệt đó đang chờ một người khác xác nhận.",
  over: "Yêu cầu đã kết thúc. Hãy bắt đầu lại trên trình duyệt.",
  account_not_usable: "Tài khoản hiện không dùng được.",
  device_not_usable: "Thiết bị này đang bị tạm ngừng.",
  too_many_requests: "Bạn đã thử quá nhiều lần. Hãy đợi một phút.",
};

/** Tells what went wrong, on whatever screen is there. */
async function explain(problem) {
  if (problem instanceof device.WrongPin) {
    if (problem.triesLeft > 0) return fault(`Mã PIN không đúng. Còn ${problem.triesLeft} lần thử.`);
    // The keys go in any case; the provider is told where it can be reached.
    await ask("remove", {}, byDevice()).catch(() => {});
    return removed("Mã PIN sai quá nhiều lần, nên khóa của thiết bị đã bị xóa.");
  }
  if (!(problem instanceof Refused)) return fault("Không kết nối được. Hãy kiểm tra mạng rồi thử lại.");
  if (problem.code === "device_unknown") {
    return removed("Tài khoản đã được ghép với một thiết bị khác, hoặc thiết bị này đã bị gỡ.");
  }
  if (problem.code === "wrong_number") {
    return fault(`Không phải số đang hiện trên trình duyệt. Còn ${problem.tries_left} lần thử.`);
  }
  if (problem.code === "over" && at("answer-form")) return done("over");
  fault(WORDS[problem.code] ?? "Có lỗi xảy ra. Hãy thử lại.");
}

/** Nothing may be pressed twice while it is under way. */
async function busy(button, act) {
  button.disabled = true;
  fault("");
  try {
    await act();
  } catch (problem) {
    await explain(problem);
  } finally {
    button.disabled = false;
  }
}

const byDevice = () => ({ key: known.key, kid: known.handle });

// Binding

function bindScreen([identifier = "", code = ""] = []) {
  show("bind");
  at("identifier").value = identifier;
  at("code").value = code;
  at("bind-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const pin = at("pin").value;
    if (pin !== at("pin-again").value) return fault("Hai lần nhập mã PIN không giống nhau.");
    if (device.isEasy(pin)) return fault("Mã PIN này quá dễ đoán. Hãy chọn mã khác.");
    busy(at("bind"), () => bind(pin));
  });
}

async function bind(pin) {
  const [identifier, code, label] = ["identifier", "code", "label"].map((id) => at(id).value.trim());
  const { keys, keep } = await device.create(pin);
  const request = { identifier, code, ...keys, ...(label && { label }) };
  const bound = await ask("enrol", request, { key: keep.key });
  const { device: handle, holder } = bound;
  known = { ...keep, handle, holder, label: bound.label ?? "", boundAt: Date.now() };
  await device.remember(known);
  // The browser should not clear it away when it wants room.
  await navigator.storage?.persist?.();
  go("home");
}

// Home: scan, or see what waits

function homeScreen() {
  show("home");
  at("holder").textContent = known.holder;
  at("device-name").textContent = known.label;
  at("scan").hidden = !canScan();
  at("by-hand").open = !canScan();
  let stopped = false;
  at("scan").addEventListener("click", () => busy(at("scan"), () => look(() => stopped)));
  at("stop-scan").addEventListener("click", () => (stopped = true));
  at("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(at("use-code"), () => open(at("code").value));
  });
  const waiting = setInterval(() => !document.hidden && pending(), EVERY);
  pending();
  leave = () => {
    stopped = true;
    clearInterval(waiting);
  };
}

async function look(stopped) {
  const [scanning, stop] = [at("viewfinder"), at("stop-scan")];
  scanning.hidden = stop.hidden = false;
  try {
    const found = await scan(at("video"), stopped);
    if (found) await open(found);
  } finally {
    scanning.hidden = stop.hidden = true;
  }
}

async function pending() {
  try {
    const { question } = await ask("pending", {}, byDevice());
    if (question && at("code-form")) questionScreen(question);
  } catch (problem) {
    // Without a network there is simply nothing new.
    if (problem instanceof Refused && at("code-form")) await explain(problem);
  }
}

/** A scanned or pasted link, or the code alone. Links to anywhere else are no codes. */
async function open(link) {
  const [address, fragment] = link.trim().split("#");
  const ours = address === "" || address.startsWith(`${location.origin}/app/`) || !fragment;
  const code = (fragment ?? address).replace(/^open=/, "");
  if (!ours) return fault("Đây không phải mã QR của vneid. Đừng mở nó.");
  const { question } = await ask("resolve", { code }, byDevice());
  questionScreen(question);
}

// The question

function questionScreen(question) {
  show("question");
  const party = question.relying_party;
  at("party").textContent = party ? `${party.name.vi} muốn biết bạn là ai` : "Trang tài khoản của bạn";
  at("entity").textContent = party?.legal_entity ?? "";
  at("purpose").textContent = party ? `Mục đích: ${party.purpose.vi}` : "";
  at("origin").textContent = question.origin ?? location.origin;
  at("browser").textContent = question.browser;
  at("asked-at").textContent = clock.format(new Date(question.asked_at * 1000));
  const details = question.details;
  at("details").parentElement.hidden = !details;
  at("details").textContent = details ? `${dong.format(details.amount)} đồng, mã ${details.reference}` : "";
  at("level").textContent = question.level ? `Mức ${question.level}` : "Không yêu cầu riêng";
  const until = Date.now() + question.expires_in * 1000;
  const count = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    at("left").textContent = `${Math.max(left, 0)} giây`;
    if (left <= 0) done("over");
  };
  const counting = setInterval(count, 1000);
  leave = () => clearInterval(counting);
  count();
  at("answer-form").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(at("approve"), () => approve(question));
  });
  at("deny").addEventListener("click", () => busy(at("deny"), () => deny(question)));
}

async function approve(question) {
  const [number, pin] = [at("number").value, at("pin").value];
  at("pin").value = "";
  // Kept apart from `known`: the count of wrong PINs changes underneath.
  const kept = await device.recall();
  const key = await device.unlock(kept, pin);
  const answer = { transaction: question.transaction, number };
  await ask("approve", answer, { key, kid: `${known.handle}.uv` });
  await done("approved", question);
}

async function deny(question) {
  await ask("deny", { transaction: question.transaction }, byDevice());
  await done("denied", question);
}

const OUTCOMES = {
  approved: ["Đã xác nhận", "Trình duyệt của bạn đang được đăng nhập. Bạn có thể cất điện thoại."],
  denied: ["Đã từ chối", "Không ai được đăng nhập. Nếu bạn không bấm đăng nhập, hãy xem lại lịch sử tài khoản."],
  over: ["Yêu cầu đã kết thúc", "Mã đã hết hạn, hoặc số nhập không đúng. Hãy bắt đầu lại trên trình duyệt."],
};

async function done(outcome, question) {
  if (question) {
    const party = question.relying_party?.name.vi ?? "Trang tài khoản của bạn";
    await device.addAnswer({ outcome, party, browser: question.browser, at: Date.now() });
  }
  show("done");
  const [title, words] = OUTCOMES[outcome];
  at("outcome").textContent = title;
  at("outcome-text").textContent = words;
  document.title = `${title} – vneid`;
  at("announce").textContent = title;
  at("back").addEventListener("click", () => go("home"));
}

// History and the device itself

async function historyScreen() {
  const answers = await device.answers();
  show("history");
  at("no-answers").hidden = answers.length > 0;
  const cards = answers.map(({ outcome, party, browser, at: when }) => {
    const card = document.createElement("li");
    card.className = "card";
    const title = document.createElement("h2");
    title.textContent = party;
    const words = document.createElement("p");
    const what = outcome === "approved" ? "Đã xác nhận" : "Đã từ chối";
    words.textContent = `${what} · ${browser} · ${clock.format(new Date(when))}`;
    card.append(title, words);
    return card;
  });
  at("answers").replaceChildren(...cards);
}

function deviceScreen() {
  show("device");
  at("holder").textContent = known.holder;
  at("device-name").textContent = known.label || "Chưa đặt tên";
  at("bound-at").textContent = clock.format(new Date(known.boundAt));
  at("remove").addEventListener("click", () =>
    busy(at("remove"), async () => {
      await ask("remove", {}, byDevice());
      await removed("Bạn đã gỡ thiết bị này khỏi tài khoản.");
    }),
  );
}

/** The keys are worth nothing any more, or must not be: they go. */
async function removed(why) {
  await device.forget();
  known = undefined;
  show("removed");
  at("why").textContent = why;
  at("bind-again").addEventListener("click", () => bindScreen());
}

// Where to go

function go(place) {
  if (location.hash === `#${place}`) arrive();
  else location.hash = place;
}

async function arrive() {
  const [place, what = ""] = location.hash.slice(1).split("=");
  // Codes do not stay in the address bar or the history.
  if (what) history.replaceState(null, "", "/app/");
  if (place === "bind") return bindScreen(what.split("."));
  if (!known) return bindScreen();
  if (place === "history") return historyScreen();
  if (place === "device") return deviceScreen();
  homeScreen();
  if (place === "open") await open(what).catch(explain);
}

known = await device.recall();
addEventListener("hashchange", arrive);
await arrive();
navigator.serviceWorker?.register("/app/worker.js", { scope: "/app/" }).catch(() => {});
