// The browser's own voice, off until it is switched on. Nothing leaves the browser.

import { allow, find, isAllowed } from "./dom.js";

const speech = window.speechSynthesis;
const RATE = 0.95;
let on = false;

// Browsers load their voices late, so they are looked for each time.
function voiceFor(language) {
  const wanted = language.toLowerCase();
  const voices = speech.getVoices();
  const tag = (voice) => voice.lang.toLowerCase().replace("_", "-");
  return (
    voices.find((voice) => tag(voice) === wanted && voice.localService) ??
    voices.find((voice) => tag(voice) === wanted) ??
    voices.find((voice) => tag(voice).startsWith(wanted.slice(0, 2)))
  );
}

export function hush() {
  speech?.cancel();
}

export function speak(captions) {
  if (!on) return;
  for (const { spoken, language } of captions) {
    const words = new SpeechSynthesisUtterance(spoken);
    words.lang = language || "en-GB";
    words.voice = voiceFor(words.lang) ?? null;
    words.rate = RATE;
    speech.speak(words);
  }
}

export function startVoice() {
  const button = find("voice");
  if (!speech) {
    allow(button, false);
    find("voice-note").hidden = false;
    find("voice-note").textContent = "This browser has no voice of its own. The captions say the same.";
    return;
  }
  button.addEventListener("click", () => {
    if (!isAllowed(button)) return;
    on = !on;
    button.setAttribute("aria-checked", String(on));
    if (!on) hush();
  });
  // A page that is left goes on speaking in some browsers.
  window.addEventListener("pagehide", hush);
}
