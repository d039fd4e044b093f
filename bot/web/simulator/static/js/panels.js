// Behind the scenes: three tabs beside the phone. Arrow keys move between tabs, as is usual for tabs.

import { el, find } from "./dom.js";
import { readable } from "./twiml.js";

const PURPOSES = { fallback: "fallback", status: "status report", duplicate: "delivered twice" };
const MOVES = { ArrowRight: 1, ArrowLeft: -1, Home: "first", End: "last" };
let drawnLine;

export function startPanels() {
  startWider();
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      find(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    light();
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move) return;
      event.preventDefault();
      const next = { first: 0, last: tabs.length - 1 }[move] ?? (index + move + tabs.length) % tabs.length;
      tabs[next].focus();
      choose(tabs[next]);
    });
  }
}

function startWider() {
  const button = find("wider");
  button.addEventListener("click", () => {
    const wide = find("behind").classList.toggle("wide");
    button.setAttribute("aria-pressed", String(wide));
    light();
    find("behind").scrollIntoView({ block: "nearest" });
  });
}

let present = "";

async function draw(line) {
  if (drawnLine === line) return;
  drawnLine = line;
  const response = await fetch(`${document.body.dataset.api}/flow/${encodeURIComponent(line)}.svg`);
  if (!response.ok) {
    find("graph").textContent = "The drawing of the script is not there.";
    return;
  }
  const drawing = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  find("graph").replaceChildren(document.importNode(drawing, true));
  light();
}

// Lights the present node, and brings it into view inside the drawing without moving the page.
function light() {
  const graph = find("graph");
  for (const node of graph.querySelectorAll(".lit")) node.classList.remove("lit");
  const node = present && graph.querySelector(`#node-${CSS.escape(present)}`);
  if (!node) return;
  node.classList.add("lit");
  const there = node.getBoundingClientRect();
  const here = graph.getBoundingClientRect();
  graph.scrollTop += there.top - here.top - (here.height - there.height) / 2;
  graph.scrollLeft += there.left - here.left - (here.width - there.width) / 2;
}

function exchange(entry, open) {
  const summary = el("summary");
  summary.append(
    el("code", { text: `${entry.method} ${entry.path}` }),
    el("span", { className: "facts", text: [PURPOSES[entry.purpose], entry.status || "no answer", `${entry.milliseconds} ms`].filter(Boolean).join(" · ") }),
  );
  const box = el("details", { className: "exchange" }, summary);
  box.open = open;
  const sent = el("dl", { className: "sent" });
  for (const [name, value] of entry.sent) sent.append(el("div", {}, el("dt", { text: name }), el("dd", { text: value })));
  box.append(el("h3", { text: "Asked with" }), sent, el("h3", { text: "Answered" }), readable(entry.body));
  return box;
}

function showExchanges(exchanges) {
  const newestFirst = [...exchanges].reverse();
  // A status report is answered with nothing, so the last real document is the one that is open.
  const open = newestFirst.find((entry) => entry.purpose === "document" && !entry.path.includes("/status/"));
  const boxes = newestFirst.map((entry) => exchange(entry, entry === open));
  find("exchanges").replaceChildren(...(boxes.length ? boxes : [el("p", { className: "empty", text: "Nothing has been exchanged yet." })]));
}

function showRoutings(state) {
  const place = find("routings");
  if (state.fault || !state.routings.length) {
    const words = state.fault || "Nobody has been sent anywhere yet. Choose a service by text or on a call.";
    place.replaceChildren(el("p", { className: "empty", text: words }));
    return;
  }
  const head = el("tr", {}, ...["Service", "Outcome", "Hour"].map((name) => el("th", { scope: "col", text: name })));
  const rows = state.routings.map((routing) => {
    const service = el("th", { scope: "row", text: routing.service });
    if (routing.new) service.append(" ", el("span", { className: "new", text: "new" }));
    service.append(el("span", { className: "how", text: `${routing.channel}, chosen by ${routing.chosen_by}` }));
    const outcome = el("td", {}, el("span", { className: `outcome ${routing.outcome}`, text: routing.outcome_name }));
    return el("tr", {}, service, outcome, el("td", { text: routing.hour }));
  });
  const caption = el("caption", { className: "unseen", text: "The line’s last routings, newest first" });
  place.replaceChildren(el("table", {}, caption, el("thead", {}, head), el("tbody", {}, ...rows)));
}

export function showPanels(state) {
  present = state.present;
  find("present").textContent = present ? `Now at: ${state.present_name}` : "The way through the script lights up here.";
  draw(state.choices.line);
  light();
  showRoutings(state);
  showExchanges(state.exchanges);
}
