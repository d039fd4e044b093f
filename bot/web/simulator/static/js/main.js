// The page is drawn from the phone's state alone; what is done here only asks for another state.

import { post } from "./api.js";
import { startCalls, showCalls } from "./calls.js";
import { el, find } from "./dom.js";
import { startPanels, showPanels } from "./panels.js";
import { startTexts, showTexts } from "./texts.js";
import { hush, startVoice } from "./voice.js";

// Kept for as long as the tab is open, so that loading the page again keeps the conversation.
const KEPT = "signpost.phone";
let phone = "";

function trouble(words) {
  find("trouble").textContent = words;
  find("trouble").hidden = !words;
}

function show(state) {
  phone = state.id;
  sessionStorage.setItem(KEPT, phone);
  showChoices(state);
  showTexts(state);
  showCalls(state, act);
  showPanels(state);
}

async function take(path, form) {
  try {
    show(await post(path, form));
    trouble("");
    return true;
  } catch (refusal) {
    if (refusal.status !== 404) trouble(refusal.message);
    return refusal.status !== 404;
  }
}

async function act(what, form = {}) {
  if (await take(`/phones/${phone}${what}`, form)) return;
  // The server was started again, or sixty-four other phones came since.
  if (await take("/phones", {})) trouble("Signpost was started again, so this is a new phone for a new person.");
}

function showChoices({ choices, clock, person, call }) {
  const onCall = !["idle", "ended"].includes(call.state);
  for (const name of ["line", "caller"]) {
    find(name).value = choices[name];
    find(name).disabled = onCall;
  }
  find("far_end").value = choices.far_end;
  if (choices.at) find("when").value = "chosen";
  const chosen = find("when").value === "chosen";
  find("at").hidden = !chosen;
  if (choices.at && document.activeElement !== find("at")) find("at").value = choices.at;
  const time = choices.at ? `${clock} (the clock stands still)` : clock;
  const hint = onCall ? "Hang up to change the line or the phone." : "";
  find("situation").replaceChildren(el("strong", { text: person }), el("span", { text: time }), el("span", { text: hint }));
}

function startChoices() {
  for (const name of ["line", "caller", "far_end"]) {
    find(name).addEventListener("change", () => act("/choices", { [name]: find(name).value }));
  }
  find("when").addEventListener("change", () => {
    const chosen = find("when").value === "chosen";
    find("at").hidden = !chosen;
    if (!chosen) act("/choices", { at: "" });
    else if (find("at").value) act("/choices", { at: find("at").value });
  });
  find("at").addEventListener("change", () => {
    if (find("at").value) act("/choices", { at: find("at").value });
  });
  find("choices").addEventListener("submit", (event) => event.preventDefault());
}

async function start() {
  find("unscripted").remove();
  startChoices();
  startTexts(act);
  startCalls(act);
  startVoice();
  startPanels();
  find("again").addEventListener("click", () => {
    hush();
    act("/start-again");
  });
  phone = sessionStorage.getItem(KEPT) ?? "";
  const known = phone && (await take(`/phones/${phone}/state`, {}));
  if (!known) await take("/phones", {});
  find("simulator").hidden = false;
}

start();
