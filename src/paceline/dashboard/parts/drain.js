// Keeping work from a worker, and giving it work again.
import { html } from "../lib/html.js";
import { post } from "../lib/api.js";
import { mayAct, takeWorkers } from "../lib/fleet.js";
import { attempt, confirm } from "./ask.js";

export function Drain({ worker }) {
  const act = (verb, done) => async () => {
    const text = "It finishes what it runs, gets nothing new, and then leaves. As long as it runs something you can resume it.";
    const sure = verb === "resume" || (await confirm({ title: `Drain ${worker.name}?`, text, action: "Drain", reason: false })) !== null;
    if (!sure) return;
    const asked = performance.now();
    const view = await attempt(() => post(`/api/workers/${encodeURIComponent(worker.worker)}/${verb}`), done);
    if (view) takeWorkers([view], asked);
  };
  if (!mayAct()) return null;
  if (worker.state === "DRAINING") return html`<button class="small" onClick=${act("resume", `${worker.name} takes work again`)}>Resume</button>`;
  const idle = worker.state !== "READY" && worker.state !== "AWAY";
  return idle ? null : html`<button class="small" onClick=${act("drain", `${worker.name} takes nothing new`)}>Drain…</button>`;
}
