// The keyboard. Keys without a modifier, and only while nothing is being typed.
import { html, signal, useEffect, useRef } from "../lib/html.js";
import { go, route } from "../lib/route.js";

/** All views, in the order of the bar and of their digits. */
export const VIEWS = [
  ["", "Overview"], ["jobs", "Jobs"], ["workers", "Workers"], ["training", "Training"],
  ["models", "Models"], ["timeline", "Timeline"], ["events", "Events"],
];

export const help = signal(false);

const ACTIONS = [
  ["1 … 7", "overview, jobs, workers, training, models, timeline, events"],
  ["/", "filter the list"],
  ["↓ ↑ j k", "next, previous row (the list has the focus after r)"],
  ["r", "to the rows of the list"],
  ["Enter", "open the row"],
  ["u", "up: from a task to its job, from a job to the list"],
  ["c", "cancel the job or task that is shown"],
  ["Esc", "close, or leave the filter"],
  ["?", "this"],
];

export function listen() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input, textarea, select")) return void (event.key === "Escape" && event.target.blur());
    if (act(event.key)) event.preventDefault();
  });
}

/** Whether the key was one of ours. */
function act(key) {
  const digit = "1234567".indexOf(key);
  if (digit >= 0) return go(`#/${VIEWS[digit][0]}`), true;
  if (key === "?") return (help.value = true);
  if (key === "u") return go(above()), true;
  const wanted = { "/": "[data-key=filter]", r: ".rows", c: "[data-key=cancel]" }[key];
  const found = wanted && document.querySelector(wanted);
  if (!found || found.disabled) return false;
  key === "c" ? found.click() : found.focus();
  return true;
}

function above() {
  const [noun, name] = route.value.parts;
  if (noun === "tasks") return `#/jobs/${name.split(".")[0]}`;
  return name === undefined ? "#/" : `#/${noun}`;
}

export const Help = () => help.value && html`<${Sheet} />`;

function Sheet() {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const close = () => (help.value = false);
  return html`<dialog ref=${dialog} onClose=${close} aria-label="Keyboard shortcuts">
    <h2>Keyboard</h2>
    <dl class="keys">${ACTIONS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <footer><button onClick=${() => dialog.current.close()} autofocus>Close</button></footer>
  </dialog>`;
}
