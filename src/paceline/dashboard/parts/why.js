// Why something waits: the same explanation as `paceline explain`, with all causes.
import { html, signal, useEffect } from "../lib/html.js";
import { at, get } from "../lib/api.js";
import { beat } from "../lib/fleet.js";
import { moment } from "../lib/format.js";

const FRESH = 3000; // milliseconds for which an explanation is good
const KEPT = 200;
const known = new Map(); // by job and state: {at, told: signal}

/** In one line, of a job that waits or of one of its tasks. All waiting tasks of a job wait for the same. */
export function Why({ job, task }) {
  const state = task?.state ?? job.state;
  const number = task?.job ?? job.job;
  const entry = remembered(`${number} ${state}`);
  useEffect(() => void refresh(entry, number, state, task), [number, state, beat.value]);
  if (state === "BACKOFF") return html`<span class="why">next attempt ${moment(task.retry_at)}</span>`;
  const told = entry.told.value;
  if (!told) return html`<span class="why"></span>`;
  const all = told.causes.map((cause) => cause.text);
  const more = all.length > 1 ? ` (+${all.length - 1})` : "";
  return html`<span class="why" title=${all.join("\n")}>${all[0] ?? ""}${more}</span>`;
}

function remembered(key) {
  if (!known.has(key)) {
    known.set(key, { at: -FRESH, told: signal(null) });
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }
  return known.get(key);
}

async function refresh(entry, job, state, task) {
  if (state === "BACKOFF" || performance.now() - entry.at < FRESH) return;
  entry.at = performance.now();
  const index = task?.index ?? (await first(job, state));
  if (index === undefined) return;
  entry.told.value = await get(`/api/tasks/${job}.${index}/explain`).catch(() => entry.told.peek());
}

async function first(job, state) {
  const page = await get(at(`/api/jobs/${job}/tasks`, { state, limit: 1 })).catch(() => ({ items: [] }));
  return page.items[0]?.index;
}

/** In full. */
export function Explanation({ told }) {
  return html`<div class="explanation" data-name="explanation">
    <ul class="causes">
      ${told.causes.map((cause) => html`<li><code>${cause.code}</code><span>${cause.text}</span></li>`)}
    </ul>
    ${told.nearest && html`<p><b>Nearest:</b> ${told.nearest}</p>`}
    ${told.change && html`<p><b>It would start with:</b> <code>${told.change}</code></p>`}
  </div>`;
}
