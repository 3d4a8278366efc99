// Who did what, when and why: the event log, newest first, as it grows.
import { html, signal, useEffect, useState } from "../lib/html.js";
import { clock, exact, moment } from "../lib/format.js";
import { batches, wordsOf } from "../lib/events.js";
import { ask, route, to } from "../lib/route.js";
import { Choice, Filter } from "../parts/filter.js";
import { Trouble } from "../parts/read.js";
import { Table } from "../parts/table.js";

const KINDS = [
  "job_kept", "tasks_kept", "job_shut", "job_over", "cancel_kept", "attempts_granted", "attempts_over",
  "checkpoint_kept", "checkpoints_dropped", "worker_kept", "token_kept", "token_spent", "model_changed",
];
const MOST = 20_000; // rows that are kept here

const COLUMNS = [
  { label: "When", width: "88px", cell: (event) => html`<time title=${exact(event.at)}>${moment(event.at) || clock(event.at)}</time>` },
  { label: "What", width: "minmax(104px, 160px)", wide: true, cell: (event) => event.kind.replaceAll("_", " ") },
  { label: "Of", width: "minmax(64px, 1fr)", cell: (event) => html`<${Subject} event=${event} />` },
  { label: "Who", width: "minmax(72px, 130px)", wide: true, cell: (event) => html`<span title=${event.words.by}>${event.words.by}</span>` },
  { label: "How, and why", width: "minmax(96px, 4fr)", cell: (event) => html`<span title=${event.body}>${event.words.text}${event.words.reason && html`<i class="why"> ${event.words.reason}</i>`}</span>` },
  { label: "Number", width: "84px", end: true, wide: true, cell: (event) => html`<span class="dim">${event.seq}</span>` },
];

/** Where that is seen which a kind of event is about; nowhere, or else with the jobs. */
const PLACES = { worker_kept: "workers", model_changed: "", token_kept: "", token_spent: "" };

function Subject({ event }) {
  const place = PLACES[event.kind] ?? "jobs";
  if (!place) return event.subject;
  return html`<a href=${to(place, event.subject)}>${place === "jobs" ? `job ${event.subject}` : event.subject}</a>`;
}

export function Events() {
  const [log] = useState(() => new Log());
  log.changes.value;
  useEffect(() => log.open(), [log]);
  const query = route.value.query;
  const [kind, subject] = [query.get("kind") ?? "", query.get("subject") ?? ""];
  const fits = (event) => (!kind || event.kind === kind) && (!subject || event.subject === subject || event.body.toLowerCase().includes(subject.toLowerCase()));
  const shown = kind || subject ? log.rows.filter(fits) : log.rows;
  return html`<section class="page full">
    <header class="tools">
      <h1>Events</h1>
      <${Filter} value=${subject} label="Job, worker, words" change=${(text) => ask({ subject: text })} />
      <${Choice} value=${kind} label="What" choices=${KINDS} change=${(chosen) => ask({ kind: chosen })} />
    </header>
    <${Trouble} problem=${log.problem} />
    <${Table} label="Events" name="events" columns=${COLUMNS} count=${shown.length} row=${(position) => shown[shown.length - 1 - position]}
      empty=${kind || subject ? "No event here is like that. Older ones: paceline events" : "Nothing has happened yet."} />
  </section>`;
}

/** The newest rows, oldest first, and what is added. */
class Log {
  changes = signal(0);
  rows = [];
  problem = null;

  open() {
    return batches({
      take: (events) => this.#take(events),
      trouble: (problem) => ((this.problem = problem), (this.changes.value += 1)),
    });
  }

  #take(events) {
    this.problem = null;
    const last = this.rows.at(-1)?.seq ?? 0;
    const fresh = events.filter((event) => event.seq > last);
    this.rows = [...this.rows, ...fresh.map((event) => ({ ...event, words: wordsOf(event) }))].slice(-MOST);
    this.changes.value += 1;
  }
}
