// All workers: what they have, what is booked, and keeping work from them.
import { html } from "../lib/html.js";
import { ago, bytes, exact, milli, number } from "../lib/format.js";
import { GONE, changes, now, workers } from "../lib/fleet.js";
import { ask, route, to } from "../lib/route.js";
import { Badge, Gauge } from "../parts/badge.js";
import { Drain } from "../parts/drain.js";
import { Choice, Filter } from "../parts/filter.js";
import { Table } from "../parts/table.js";

const STATES = ["READY", "DRAINING", "AWAY", "LOST", "LEFT"];
const HERE = ["READY", "DRAINING"];

export const cpu = (worker) => {
  const all = worker.machine.capacity.cpu;
  return html`<${Gauge} share=${(all - worker.cpu_free) / all} text=${`${milli(all - worker.cpu_free)} of ${milli(all)}`} />`;
};
export const memory = (worker) => {
  const all = worker.machine.capacity.memory;
  return html`<${Gauge} share=${(all - worker.memory_free) / all} text=${`${bytes(all - worker.memory_free)} of ${bytes(all)}`} />`;
};
export const gpus = (worker) => {
  const all = worker.machine.capacity.gpus.length * 1000;
  return all ? html`<${Gauge} share=${(all - worker.gpus_free) / all} text=${`${milli(all - worker.gpus_free)} of ${milli(all)}`} />` : html`<span class="dim">none</span>`;
};
/** When one was seen that is not there: of the others nobody is told, for they are seen all the time. */
export const seen = (worker) =>
  HERE.includes(worker.state) ? "" : html`<time title=${exact(worker.seen_at)}>${ago(worker.seen_at, now.value)}</time>`;
export const labels = (worker) => worker.machine.labels.map(([name, value]) => `${name}=${value}`).join(" ");

const COLUMNS = [
  { label: "Worker", width: "minmax(72px, 1.4fr)", cell: (worker) => html`<a href=${to("workers", worker.name)} title=${worker.name}>${worker.name}</a>` },
  { label: "State", width: "84px", cell: (worker) => html`<${Badge} state=${worker.state} />` },
  { label: "Runs", width: "56px", end: true, wide: true, cell: (worker) => number(worker.running) },
  { label: "CPUs booked", width: "minmax(72px, 1fr)", cell: cpu },
  { label: "Memory booked", width: "minmax(120px, 1.2fr)", wide: true, cell: memory },
  { label: "GPUs", width: "minmax(72px, .8fr)", wide: true, cell: gpus },
  { label: "Labels, reason", width: "minmax(80px, 1.4fr)", wide: true, cell: (worker) => html`<span class="dim" title=${labels(worker)}>${worker.reason || labels(worker)}</span>` },
  { label: "Seen", width: "92px", end: true, wide: true, cell: seen },
  { label: "", width: "76px", end: true, cell: (worker) => html`<${Drain} worker=${worker} />` },
];

export function Workers() {
  changes.value;
  const query = route.value.query;
  const [state, text] = [query.get("state") ?? "", query.get("text") ?? ""];
  const within = (worker) => `${worker.name} ${worker.machine.host} ${labels(worker)}`.toLowerCase().includes(text.toLowerCase());
  const there = (worker) => (state ? worker.state === state : !GONE.includes(worker.state));
  const shown = [...workers.values()].filter((worker) => there(worker) && within(worker)).sort(byName);
  return html`<section class="page full">
    <header class="tools">
      <h1>Workers <span class="dim">${number(shown.length)}</span></h1>
      <${Filter} value=${text} label="Name, host, label" change=${(typed) => ask({ text: typed })} />
      <${Choice} value=${state} label="State" choices=${STATES} any="connected" change=${(chosen) => ask({ state: chosen })} />
    </header>
    <${Table} label="Workers" name="workers" columns=${COLUMNS} count=${shown.length} row=${(position) => shown[position]}
      link=${(worker) => to("workers", worker.name)}
      empty=${state || text ? "No worker is like that." : html`No worker is connected. Start one: <code>paceline worker --server HOST:50051</code>`} />
  </section>`;
}

const order = new Intl.Collator("en", { numeric: true });
const byName = (one, other) => order.compare(one.name, other.name) || one.worker - other.worker;
