// Lays out a TwiML document for reading: a verb to a line, and words with their small tags in one piece.

import { el } from "./dom.js";

const STEP = "  ";

function tag(parts, mark) {
  return el("span", { className: "tag", text: mark === "close" ? `</${parts.name}>` : `<${parts.name}` });
}

function opening(element) {
  const pieces = [tag({ name: element.nodeName })];
  for (const { name, value } of element.attributes) {
    pieces.push(" ", el("span", { className: "attribute", text: name }), "=", el("span", { className: "value", text: `"${value}"` }));
  }
  pieces.push(el("span", { className: "tag", text: element.childNodes.length ? ">" : "/>" }));
  return pieces;
}

const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

// Inside words a line break would be a space that the document does not have.
function inline(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return [node.textContent];
  const inner = [...node.childNodes].flatMap(inline);
  return [...opening(node), ...inner, ...(node.childNodes.length ? [tag({ name: node.nodeName }, "close")] : [])];
}

function layOut(element, indent, lines) {
  const only = element.firstElementChild;
  if (hasWords(element) || !element.childNodes.length || (element.nodeName === "Say" && only)) {
    lines.push([indent, inline(element)]);
    return;
  }
  lines.push([indent, opening(element)]);
  for (const child of element.children) layOut(child, indent + STEP, lines);
  lines.push([indent, [tag({ name: element.nodeName }, "close")]]);
}

export function readable(body) {
  const block = el("pre", { className: "document", tabindex: "0" });
  const parsed = new DOMParser().parseFromString(body, "application/xml");
  if (!body || parsed.querySelector("parsererror")) {
    block.textContent = body || "No answer.";
    return block;
  }
  const lines = [];
  layOut(parsed.documentElement, "", lines);
  for (const [indent, pieces] of lines) {
    const line = el("span", { className: `row in${indent.length / STEP.length}` });
    line.append(...pieces);
    block.append(line);
  }
  return block;
}
