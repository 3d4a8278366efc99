// One worker: its machine, what of it is booked, and what it runs.
import { html } from "../lib/html.js";
import { bytes, duration, milli, moment } from "../lib/format.js";
import { GONE, changes, now, workers } from "../lib/fleet.js";
import { to } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Drain } from "../parts/drain.js";
import { Facts } from "../parts/facts.js";
import { Trouble, useRead } from "../parts/read.js";
import { cpu, gpus, labels, memory, seen } from "./workers.js";

export function Worker({ name }) {
  changes.value;
  const named = [...workers.values()].filter((worker) => name === worker.name || name === String(worker.worker));
  const known = named.find((worker) => !GONE.includes(worker.state)) ?? named.at(-1);
  const read = useRead(known ? "" : `/api/workers/${encodeURIComponent(name)}`);
  const worker = known ?? read.value;
  if (!worker) return html`<section class="page"><${Trouble} problem=${read.problem} /></section>`;
  return html`<section class="page">
    <header class="tools">
      <h1><span class="dim">Worker</span> ${worker.name}</h1>
      <${Badge} state=${worker.state} />
      ${worker.reason && html`<span class="dim">${worker.reason}</span>`}
      <span class="grow"></span>
      <${Drain} worker=${worker} />
    </header>
    <div class="columns"><${Machine} worker=${worker} /><${Booked} worker=${worker} /></div>
    <${Runs} worker=${worker} />
  </section>`;
}

function Machine({ worker }) {
  const { machine } = worker;
  return html`<article class="card"><h2>Machine</h2>
    <${Facts} facts=${[
      ["host", machine.host],
      ["number", worker.worker],
      ["CPUs", milli(machine.capacity.cpu)],
      ["memory", bytes(machine.capacity.memory)],
      ["disk", bytes(machine.capacity.disk)],
      ["python", machine.python],
      ["paceline", machine.version],
      ["process", machine.pid],
      ["labels", labels(worker)],
      ["goes away", machine.ends_at ? moment(machine.ends_at) : ""],
      ["seen", seen(worker)],
    ]} />
    ${machine.features.length > 0 && html`<p class="chips" aria-label="Can do">${machine.features.map((each) => html`<span class="chip">${each}</span>`)}</p>`}
  </article>`;
}

function Booked({ worker }) {
  const devices = worker.machine.capacity.gpus;
  return html`<article class="card"><h2>Booked</h2>
    <div class="gauges">
      <span>CPUs</span>${cpu(worker)}
      <span>Memory</span>${memory(worker)}
      <span>GPUs</span>${gpus(worker)}
    </div>
    ${devices.length > 0 &&
    html`<ul class="devices">${devices.map((gpu) => html`<li key=${gpu.uuid}><b>${gpu.vendor} ${gpu.model}</b> ${bytes(gpu.memory)} <code>${gpu.uuid}</code></li>`)}</ul>`}
  </article>`;
}

/** What it holds now. */
function Runs({ worker }) {
  const read = useRead("/worker-activity", `${worker.running} ${Math.floor(now.value / 5)}`);
  const held = heldBy(read.value, worker);
  return html`<article class="card"><h2>Runs now</h2>
    <${Trouble} problem=${read.problem} />
    ${worker.running === 0 && html`<p class="dim">Nothing.</p>`}
    <div class="lines">
      ${held.map((task) => html`<a class="line" key=${task.task_id} href=${to("tasks", task.task_id)}>
        <b>${task.task_id}</b><span class="name">${task.job_name || task.kind}</span><${Badge} state=${task.status} />
        <span class="end dim">${duration(Math.max(0, Math.floor(now.value - task.granted_at)))}</span></a>`)}
    </div>
    ${worker.running > held.length && held.length > 0 && html`<p class="dim">and ${worker.running - held.length} more</p>`}
  </article>`;
}

const heldBy = (activity, worker) => activity?.workers.find((each) => each.number === worker.worker)?.tasks ?? [];
