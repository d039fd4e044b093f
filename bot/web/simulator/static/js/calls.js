// The call: captions, keypad, and the far end of a transfer.

import { allow, appendNew, el, find, isAllowed } from "./dom.js";
import { hush, speak } from "./voice.js";

const KEYS = /^[0-9*#]$/;
const FIELDS = "input, select, textarea";
let onCall = false;
let farEnd;

function caption(entry) {
  const box = el("p", { className: `caption ${entry.by}` });
  if (entry.by !== "line") {
    box.textContent = entry.text;
    return box;
  }
  box.lang = entry.language || "en-GB";
  // The line pauses after each sentence; on the page each has a line of its own.
  for (const sentence of entry.text.split(/(?<=[.?!]) (?=\S)/)) box.append(el("span", { text: sentence }), " ");
  return box;
}

function press(key, act) {
  const button = find("keypad").querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!isAllowed(button)) return;
  hush(); // as the line itself stops speaking when a key is pressed
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 160);
  act("/keys", { keys: key });
}

function say(act) {
  const words = find("said").value.trim();
  if (!words || !isAllowed(find("say"))) return;
  hush();
  act("/speech", { words, confidence: find("mumbled").checked ? 0.2 : 0.9 });
  find("said").value = "";
}

export function startCalls(act) {
  find("speaker").addEventListener("submit", (event) => {
    event.preventDefault();
    say(act);
  });
  const wait = find("wait");
  find("ring").addEventListener("click", () => {
    if (!isAllowed(find("ring"))) return;
    hush();
    act(onCall ? "/hang-up" : "/ring");
  });
  wait.addEventListener("click", () => {
    if (!isAllowed(wait)) return;
    hush();
    act("/wait");
  });
  find("keypad").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) press(button.dataset.key, act);
  });
  // Keys of the keyboard count while anything in the call has the focus, and nowhere else.
  find("call").addEventListener("keydown", (event) => {
    const typing = event.target.matches(FIELDS) || event.ctrlKey || event.metaKey || event.altKey;
    if (!typing && KEYS.test(event.key)) {
      event.preventDefault();
      press(event.key, act);
    }
  });
}

export function showCalls(state, act) {
  const { call } = state;
  onCall = !["idle", "ended"].includes(call.state);
  find("call-to").textContent = state.call_to ? `to ${state.call_to}` : "";
  find("no-call").textContent = state.no_call;
  find("no-call").hidden = !state.no_call;
  const status = find("call-state");
  if (status.textContent !== call.sentence) status.textContent = call.sentence;
  status.dataset.state = call.state;
  const log = find("captions");
  const fresh = appendNew(log, state.id, call.captions, caption);
  log.dataset.empty = state.no_call ? "" : "What the line says appears here as it is said.";
  speak(fresh.filter((entry) => entry.by === "line"));
  const ring = find("ring");
  const label = onCall ? "Hang up" : "Call";
  if (ring.textContent !== label) ring.textContent = label;
  ring.classList.toggle("stop", onCall);
  allow(ring, onCall || !state.no_call);
  allow(find("wait"), call.state === "listening");
  allow(find("say"), call.hears);
  for (const key of find("keypad").children) allow(key, onCall);
  // The far end takes a moment to answer and another to hang up.
  clearTimeout(farEnd);
  if (call.next_in_milliseconds !== null) farEnd = setTimeout(() => act("/far-end"), call.next_in_milliseconds);
}
