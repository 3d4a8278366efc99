// All jobs, newest first; older ones are read as far as somebody scrolls.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { at, get } from "../lib/api.js";
import { ago, exact, number } from "../lib/format.js";
import { changes, newest, now, over, resets, takeJobs, whole } from "../lib/fleet.js";
import { ask, route, to } from "../lib/route.js";
import { Badge, Progress } from "../parts/badge.js";
import { Filter, Choice } from "../parts/filter.js";
import { Trouble } from "../parts/read.js";
import { Table } from "../parts/table.js";
import { Why } from "../parts/why.js";

const PAGE = 200;
const STATES = ["RUNNING", "WAITING", "BLOCKED", "STOPPING", "SUCCEEDED", "FAILED", "CANCELLED"];
const WAITS = ["WAITING", "BLOCKED"];

const COLUMNS = [
  { label: "Job", width: "56px", cell: (job) => html`<a href=${to("jobs", job.job)}>${job.job}</a>` },
  { label: "Name", width: "minmax(72px, 1.6fr)", cell: (job) => html`<span title=${job.name}>${job.name || html`<i class="dim">${job.kind}</i>`}</span>` },
  { label: "State", width: "96px", cell: (job) => html`<${Badge} state=${job.state} />` },
  { label: "Progress", width: "minmax(56px, 1fr)", cell: (job) => html`<${Progress} job=${job} />` },
  { label: "Tasks", width: "112px", end: true, wide: true, cell: (job) => `${number(over(job))}/${number(job.total)}` },
  { label: "Failed", width: "64px", end: true, wide: true, cell: (job) => (job.failed ? html`<b class="bad">${number(job.failed)}</b>` : "") },
  { label: "Kind", width: "84px", wide: true, cell: (job) => html`<span class=${job.kind === "simulate" ? "simulated" : ""}>${job.kind}</span>` },
  { label: "Why", width: "minmax(120px, 2fr)", wide: true, cell: (job) => (WAITS.includes(job.state) ? html`<${Why} job=${job} />` : html`<span class="dim" title=${job.reason}>${job.reason}</span>`) },
  { label: "Submitted", width: "96px", end: true, wide: true, cell: (job) => html`<time title=${exact(job.submitted_at)}>${ago(job.submitted_at, now.value)}</time>` },
];

export function Jobs() {
  changes.value;
  const query = route.value.query;
  const [state, name] = [query.get("state") ?? "", query.get("name") ?? ""];
  const older = useOlder(state, name);
  const fits = (job) => (!state || job.state === state) && (!name || job.name.toLowerCase().includes(name.toLowerCase()));
  const shown = newest().filter((job) => fits(job) && job.job >= older.reached);
  const count = shown.length + (older.more ? 1 : 0);
  return html`<section class="page full">
    <header class="tools">
      <h1>Jobs</h1>
      <${Filter} value=${name} label="Name" change=${(text) => ask({ name: text })} />
      <${Choice} value=${state} label="State" choices=${STATES} change=${(chosen) => ask({ state: chosen })} />
    </header>
    <${Trouble} problem=${older.problem} />
    <${Table} label="Jobs" name="jobs" columns=${COLUMNS} count=${count} row=${(position) => shown[position]}
      link=${(job) => to("jobs", job.job)} seen=${(first, last) => last >= shown.length && older.read()}
      empty=${state || name ? "No job is like that." : html`No jobs yet. <code>paceline run -- echo hello</code> makes the first one.`} />
  </section>`;
}

/**
 * Reads jobs of a filter, older than those that all know; below `reached` some may not have been read. Of those that
 * are here any part of the name finds them; the server finds the others by their whole name.
 */
function useOlder(state, name) {
  const [, draw] = useState(0);
  const pager = useRef(null);
  const key = `${resets.value} ${state} ${name}`;
  if (pager.current?.key !== key) pager.current = new Older(key, state, name, () => draw((count) => count + 1));
  const made = pager.current;
  useEffect(() => () => (made.tell = () => {}), [made]);
  return made;
}

class Older {
  more = whole > 0;
  reached = whole;
  problem = null;
  #after = whole;
  #busy = false;
  #found = 0; // rows of the last page

  constructor(key, state, name, tell) {
    Object.assign(this, { key, state, name, tell });
    this.read();
  }

  async read() {
    if (this.#busy || !this.more || !Number.isFinite(this.reached)) return;
    this.#busy = true;
    try {
      do await this.#page();
      while (this.more && !this.#found);
      this.problem = null;
    } catch (problem) {
      this.problem = problem;
    }
    this.#busy = false;
    if (this.problem?.status === 0) setTimeout(() => this.read(), 2000);
    this.tell();
  }

  async #page() {
    const asked = performance.now();
    const page = await get(at("/api/jobs", { state: this.state, name: this.name, after: this.#after, limit: PAGE }));
    takeJobs(page.items, asked);
    this.#after = page.next;
    this.#found = page.items.length;
    this.more = Boolean(page.next);
    this.reached = this.more && !this.name ? Number(page.next) : 0;
  }
}
