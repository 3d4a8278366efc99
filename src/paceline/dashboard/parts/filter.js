// Narrowing a list.
import { html, useRef } from "../lib/html.js";

const PAUSE = 200; // milliseconds after the last letter

export function Filter({ value, label, change }) {
  const timer = useRef(0);
  const typed = (event) => {
    const text = event.target.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change(text.trim()), PAUSE);
  };
  return html`<input class="filter" type="search" data-key="filter" aria-label=${label} placeholder=${`${label} ( / )`} defaultValue=${value} onInput=${typed} spellcheck="false" />`;
}

export const Choice = ({ value, label, choices, change, any = "any" }) => html`<label class="choice">${label}
  <select value=${value} onChange=${(event) => change(event.target.value)}>
    ${any && html`<option value="">${any}</option>`}
    ${choices.map((each) => html`<option value=${each} selected=${each === value}>${each.toLowerCase()}</option>`)}
  </select>
</label>`;
