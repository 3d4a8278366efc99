// Asking before something is done that cannot be undone, and telling what came of it.
import { html, signal, useEffect, useRef } from "../lib/html.js";

const question = signal(null);
const said = signal(null);
let fading = 0;

/** A dialog; resolves to the reason (perhaps empty), or null if it is called off. */
export function confirm({ title, text, action, reason = true }) {
  return new Promise((answer) => (question.value = { title, text, action, reason, answer }));
}

/** A sentence at the foot of the page for a while. */
export function tell(text, hint = "", bad = false) {
  said.value = { text, hint, bad };
  clearTimeout(fading);
  fading = setTimeout(() => (said.value = null), bad ? 12_000 : 5000);
}

/** Do it, and say how it went. */
export async function attempt(doing, done) {
  try {
    const result = await doing();
    if (done) tell(done);
    return result;
  } catch (problem) {
    tell(problem.message, problem.hint, true);
    return null;
  }
}

export function Dialogs() {
  const asked = question.value;
  return html`${asked && html`<${Question} key=${asked.title} asked=${asked} />`}
    <div class="told" role="status" aria-live="polite">
      ${said.value &&
      html`<p class=${said.value.bad ? "bad" : ""}>${said.value.text}${said.value.hint && html`<small>${said.value.hint}</small>`}</p>`}
    </div>`;
}

function Question({ asked }) {
  const dialog = useRef(null);
  const words = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const close = (result) => {
    question.value = null;
    asked.answer(result);
  };
  const agree = (event) => {
    event.preventDefault();
    close(words.current?.value.trim() ?? "");
  };
  return html`<dialog ref=${dialog} onCancel=${() => close(null)} aria-label=${asked.title}>
    <form onSubmit=${agree}>
      <h2>${asked.title}</h2>
      <p>${asked.text}</p>
      ${asked.reason && html`<label>Reason <input ref=${words} name="reason" maxlength="200" placeholder="kept with the event, may be empty" autofocus /></label>`}
      <footer><button type="button" onClick=${() => close(null)}>Keep it</button><button class="danger" type="submit">${asked.action}</button></footer>
    </form>
  </dialog>`;
}
