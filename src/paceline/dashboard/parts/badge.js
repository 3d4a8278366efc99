// States, shares and progress at a glance. Nothing is said by colour alone.
import { html } from "../lib/html.js";
import { number } from "../lib/format.js";
import { over } from "../lib/fleet.js";

const TONES = {
  SUCCEEDED: "good", READY: "good", FAILED: "bad", LOST: "bad", CANCELLED: "dull", LEFT: "dull",
  RUNNING: "busy", ASSIGNED: "busy", STOPPING: "warn", BACKOFF: "warn", AWAY: "warn", DRAINING: "warn",
  WAITING: "calm", BLOCKED: "calm",
};
/** Of outcomes too: whatever is no state and no success went wrong. */
export const tone = (state) => TONES[state] ?? "bad";

export const Badge = ({ state }) => html`<span class=${`badge ${tone(state)}`}>${state.toLowerCase()}</span>`;

/** How far a job is, in one bar. */
export function Progress({ job }) {
  const part = (count, kind) => count > 0 && html`<i class=${kind} style=${{ flexGrow: count }}></i>`;
  const text = `${number(over(job))} of ${number(job.total)} over, ${number(job.running)} running, ${number(job.failed)} failed`;
  return html`<span class="progress" role="img" aria-label=${text} title=${text}>
    ${part(job.succeeded, "good")}${part(job.failed, "bad")}${part(job.cancelled, "dull")}
    ${part(job.running, "busy")}${part(job.waiting, "calm")}
  </span>`;
}

/** How much of something is taken. `share` from 0 to 1. */
export function Gauge({ share, text }) {
  const full = Math.max(0, Math.min(1, share || 0));
  return html`<span class="gauge" role="img" aria-label=${text} title=${text}>
    <i class=${full > 0.9 ? "warn" : ""} style=${{ width: `${full * 100}%` }}></i><b>${text}</b>
  </span>`;
}
