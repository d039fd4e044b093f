// Asks the server. Every answer is the phone's whole state; actions go one after the other, so that
// two quick keys arrive in the order in which they were pressed.

const base = `${document.body.dataset.api}/api`;
const token = document.querySelector("meta[name=simulator-token]").content;

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function send(path, form) {
  let response;
  try {
    response = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Simulator-Token": token },
      body: JSON.stringify(form),
    });
  } catch {
    throw new Refusal("Signpost does not answer. Is it still running?", 0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Refusal(answer?.error ?? "Something went wrong. Load the page again.", response.status);
}

let queue = Promise.resolve();

export function post(path, form = {}) {
  const next = queue.then(() => send(path, form));
  queue = next.catch(() => {});
  return next;
}
