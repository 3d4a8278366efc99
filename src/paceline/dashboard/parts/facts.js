// Names and values in a row; what is empty is left out.
import { html } from "../lib/html.js";

export const Facts = ({ facts }) => html`<dl class="facts">
  ${facts.filter(([, value]) => value !== "" && value !== 0 && value !== undefined && value !== null && value !== false).map(
    ([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`,
  )}
</dl>`;
