// The conversation by text.

import { allow, appendNew, el, find, isAllowed } from "./dom.js";

const WHO = { person: "You", line: "The line", note: "" };

function bubble(message) {
  if (message.by === "note") return el("p", { className: "note", text: message.text });
  const words = el("p", { className: "words" });
  words.append(el("span", { className: "unseen", text: `${WHO[message.by]}: ` }));
  if (message.pictures) {
    const many = message.pictures === 1 ? "A picture" : `${message.pictures} pictures`;
    words.append(el("span", { className: "picture", text: many }));
  }
  words.append(message.text);
  const box = el("div", { className: `bubble ${message.by}` });
  if (message.label) box.append(el("p", { className: "label", text: message.label }));
  box.append(words);
  if (message.size) box.append(el("p", { className: "size", text: message.size }));
  return box;
}

export function startTexts(act) {
  const log = find("messages");
  // What stands below the log may grow, and must not cover the last message.
  new ResizeObserver(() => (log.scrollTop = log.scrollHeight)).observe(log);
  const composer = find("composer");
  const body = find("body");
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!body.value.trim() || !isAllowed(composer.querySelector("button"))) return;
    act("/text", { body: body.value });
    body.value = "";
  });
  find("quick").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !isAllowed(button)) return;
    const pictures = Number(button.dataset.pictures ?? 0);
    act("/text", { body: button.dataset.send ?? "", pictures });
  });
}

export function showTexts(state) {
  find("text-to").textContent = state.text_to ? `to ${state.text_to}` : "";
  find("keyword").textContent = find("keyword").dataset.send = state.keyword;
  find("no-text").textContent = state.no_text;
  find("no-text").hidden = !state.no_text;
  find("body").disabled = Boolean(state.no_text);
  for (const button of find("text").querySelectorAll(".controls button")) allow(button, !state.no_text);
  const log = find("messages");
  appendNew(log, state.id, state.messages, bubble);
  log.dataset.empty = state.no_text ? "" : `Begin with the word on the posters: ${state.keyword}. Or write what somebody might write.`;
}
