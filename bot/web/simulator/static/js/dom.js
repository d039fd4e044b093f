// Builds elements. Everything shown is set as text, so nothing that a person writes can become markup.

export function el(name, { className, text, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

const MARGIN_PIXELS = 16;

// A log keeps what it has and only gains what is new: a screen reader then reads the new part alone.
// Entries carry growing ids, and the log remembers the phone that they belong to.
export function appendNew(log, phoneId, entries, build) {
  const first = entries[0]?.id ?? Infinity;
  if (log.dataset.phone !== phoneId) log.replaceChildren();
  // A new call empties the captions, and the phone drops what is very old.
  for (const shown of [...log.children]) if (Number(shown.dataset.entry) < first) shown.remove();
  const last = Number(log.lastElementChild?.dataset.entry ?? 0);
  const fresh = entries.filter((entry) => entry.id > last);
  const built = fresh.map((entry) => {
    const element = build(entry);
    element.dataset.entry = entry.id;
    return element;
  });
  log.append(...built);
  log.dataset.phone = phoneId;
  // The end is shown, but never past the beginning of what is new: a long menu is read from its top.
  if (built.length) log.scrollTop = built[0].offsetTop - MARGIN_PIXELS;
  return fresh;
}

// aria-disabled rather than disabled: a button that is switched off while it has the focus keeps it.
export function allow(button, allowed) {
  button.setAttribute("aria-disabled", String(!allowed));
}

export const isAllowed = (button) => button.getAttribute("aria-disabled") !== "true";
