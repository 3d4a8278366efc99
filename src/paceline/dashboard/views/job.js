// One job: how far it is, why it waits, and all of its tasks.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { at, post } from "../lib/api.js";
import { duration, moment, number, some } from "../lib/format.js";
import { changes, jobs, mayAct, now, over, resets, takeJobs } from "../lib/fleet.js";
import { tasksOf } from "../lib/tasks.js";
import { ask, route, to } from "../lib/route.js";
import { attempt, confirm } from "../parts/ask.js";
import { Badge, Progress } from "../parts/badge.js";
import { Facts } from "../parts/facts.js";
import { Choice } from "../parts/filter.js";
import { Trouble, useBeats, useRead } from "../parts/read.js";
import { Table } from "../parts/table.js";
import { Explanation, Why } from "../parts/why.js";

const STATES = ["RUNNING", "ASSIGNED", "WAITING", "BLOCKED", "BACKOFF", "STOPPING", "SUCCEEDED", "FAILED", "CANCELLED"];
const WAITS = ["WAITING", "BLOCKED", "BACKOFF"];
const word = (task) => `${task.job}.${task.index}`;

const COLUMNS = [
  { label: "Task", width: "104px", cell: (task) => html`<a href=${to("tasks", word(task))}>${word(task)}</a>` },
  { label: "State", width: "100px", cell: (task) => html`<${Badge} state=${task.state} />` },
  { label: "Try", width: "44px", end: true, wide: true, cell: (task) => task.attempt || "" },
  { label: "Worker", width: "minmax(72px, 1fr)", wide: true, cell: (task) => html`<span title=${task.worker}>${task.worker}</span>` },
  { label: "Began", width: "112px", end: true, wide: true, cell: (task) => moment(task.granted_at) },
  { label: "Took", width: "92px", end: true, cell: (task) => took(task) },
  { label: "How it ended, or why it waits", width: "minmax(96px, 3fr)", wide: true, cell: (task) => (WAITS.includes(task.state) ? html`<${Why} task=${task} />` : html`<${Ending} task=${task} />`) },
];

export function took(task) {
  if (task.seconds) return duration(task.seconds);
  if (task.ended_at) return duration(Math.max(0, task.ended_at - task.granted_at));
  return ["RUNNING", "STOPPING"].includes(task.state) ? duration(Math.max(0, Math.floor(now.value - task.granted_at))) : "";
}

/** How it ended, in words; nothing for what went well. */
export function ending(task) {
  const code = task.code ? (task.code < 0 ? `signal ${-task.code}` : `exit code ${task.code}`) : "";
  const outcome = task.outcome && task.outcome !== "SUCCEEDED" ? task.outcome : "";
  return [outcome, task.detail || code].filter(Boolean).join(" · ");
}

export function Ending({ task }) {
  const said = ending(task);
  return html`<span class="ending" title=${said}>${said}</span>`;
}

export function Job({ name }) {
  changes.value;
  const known = jobs.get(Number(name));
  const read = useRead(known ? "" : `/api/jobs/${encodeURIComponent(name)}`, resets.value);
  useEffect(() => read.value && takeJobs([read.value], read.asked), [read.value]);
  const job = known ?? read.value;
  if (!job) return html`<section class="page"><${Trouble} problem=${read.problem} /></section>`;
  return html`<section class="page full">
    <${Head} job=${job} />
    <${Waits} job=${job} />
    <${Tasks} job=${job} />
  </section>`;
}

function Head({ job }) {
  const cancel = async () => {
    const parts = [job.waiting && `${some(job.waiting, "task")} will not start`, job.running && `${some(job.running, "task")} will be ended, with all processes`];
    const text = `${parts.filter(Boolean).join(", ") || "Nothing of it runs or waits"}.`;
    const reason = await confirm({ title: `Cancel job ${job.job}?`, text, action: "Cancel the job" });
    if (reason !== null) await attempt(() => post(`/api/jobs/${job.job}/cancel`, { reason }), `job ${job.job} is being cancelled`);
  };
  const learns = ["train", "simulate"].includes(job.kind);
  return html`<header class="tools">
      <h1><span class="dim">Job</span> ${job.job} <span class="name">${job.name}</span></h1>
      <${Badge} state=${job.state} />
      ${job.kind === "simulate" && html`<span class="simulated">simulated</span>`}
      <span class="grow"></span>
      <a class="button" href=${`#/training?runs=${job.job}`}>${learns ? "Curves" : "Reports"}</a>
      <button class="danger" data-key="cancel" disabled=${Boolean(job.ended_at) || !mayAct()} onClick=${cancel}>Cancel…</button>
    </header>
    <div class="summary">
      <${Progress} job=${job} />
      <${Facts} facts=${[
        ["tasks", `${number(over(job))} of ${number(job.total)}`],
        ["running", number(job.running)],
        ["failed", job.failed && html`<b class="bad">${number(job.failed)}</b>`],
        ["kind", job.kind],
        ["experiment", job.experiment],
        ["owner", job.owner],
        ["array", job.array],
        ["priority", job.priority || ""],
        ["after", job.after.length ? job.after.map((each) => html`<a href=${to("jobs", each)}>${each}</a> `) : ""],
        ["submitted", moment(job.submitted_at)],
        ["ended", moment(job.ended_at)],
        ["took", job.ended_at ? duration(job.ended_at - job.submitted_at) : ""],
        ["why", job.reason],
      ]} />
    </div>`;
}

/** Of a job of which something waits: everything that keeps it. */
function Waits({ job }) {
  const waiting = job.waiting > 0 && !job.ended_at;
  const version = Math.floor(now.value / 5);
  const found = useRead(waiting ? at(`/api/jobs/${job.job}/tasks`, { state: job.state === "BLOCKED" ? "BLOCKED" : "WAITING", limit: 1 }) : "", version);
  const index = found.value?.items[0]?.index;
  const told = useRead(waiting && index !== undefined ? `/api/tasks/${job.job}.${index}/explain` : "", version).value;
  if (!waiting || !told) return null;
  return html`<details class="card waits" open=${job.running === 0}><summary>Why ${some(job.waiting, "task")} of it ${job.waiting === 1 ? "waits" : "wait"}</summary><${Explanation} told=${told} /></details>`;
}

function Tasks({ job }) {
  const state = route.value.query.get("state") ?? "";
  const [, draw] = useState(0);
  const tasks = useMemo(() => tasksOf(job, state, () => draw((count) => count + 1)), [job.job, state, job.array ? "" : job.total]);
  useEffect(() => () => tasks.close(), [tasks]);
  useEffect(() => tasks.changed(), [tasks, job]);
  useBeats(tasks.some((task) => task.state === "ASSIGNED"), () => tasks.changed());
  return html`<div class="tools low">
      <h2>Tasks</h2>
      <${Choice} value=${state} label="State" choices=${STATES} change=${(chosen) => ask({ state: chosen })} />
    </div>
    <${Trouble} problem=${tasks.problem} />
    <${Table} key=${state} label="Tasks" name="tasks" columns=${COLUMNS} count=${tasks.count} row=${(position) => tasks.row(position)}
      link=${(task) => to("tasks", word(task))} seen=${(first, last) => tasks.look(first, last)} empty="No task is in this state." />`;
}
