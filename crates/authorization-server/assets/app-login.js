// Shows the rolling code of /login/app and goes on when the telephone has answered.

const EVERY = 1000;
// A page left open shows no codes for ever.
const PATIENCE = 5 * 60 * 1000;

const form = document.getElementById("app-login");
const parts = ["app-code", "app-number", "app-denied", "app-over"].map((id) =>
  document.getElementById(id),
);
const again = document.getElementById("app-again");
const picture = document.getElementById("app-picture");

let drawn = "";
let shown = "";
let since = Date.now();

async function ask() {
  if (Date.now() - since > PATIENCE && shown === "app-code") return stop("app-over");
  const body = new URLSearchParams(new FormData(form));
  body.set("drawn", drawn);
  try {
    const answer = await fetch(form.dataset.state, { method: "POST", body });
    // The interaction is over, or somebody else's: the page itself can say so.
    if (answer.status === 400 || answer.status === 403) return location.reload();
    if (answer.ok && tell(await answer.json())) return;
  } catch {
    // No network for a moment: the code is asked for again.
  }
  setTimeout(ask, EVERY);
}

/** Shows how it stands; true when there is nothing left to ask. */
function tell(view) {
  switch (view.state) {
    case "code":
      draw(view);
      show("app-code");
      return false;
    case "number":
      document.getElementById("number").textContent = view.number;
      show("app-number");
      return false;
    case "approved":
      form.submit();
      return true;
    case "denied":
      stop("app-denied");
      return true;
    default:
      stop("app-over");
      return true;
  }
}

function draw({ transaction, drawn: now, picture: source, link }) {
  if (!source) return;
  drawn = now;
  form.elements.transaction.value = transaction;
  const image = new Image(260, 260);
  image.className = "qr";
  image.alt = picture.dataset.alt;
  image.src = source;
  picture.replaceChildren(image);
  document.getElementById("open-app").href = link;
}

function show(id) {
  if (shown === id) return;
  shown = id;
  for (const part of parts) part.hidden = part.id !== id;
  const status = document.getElementById("app-status");
  status.textContent = document.getElementById(id).querySelector("p").textContent;
}

function stop(id) {
  show(id);
  again.hidden = false;
}

document.getElementById("new-code").addEventListener("click", () => {
  again.hidden = true;
  form.elements.transaction.value = "";
  drawn = "";
  since = Date.now();
  ask();
});

ask();
