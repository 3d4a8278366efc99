// One task: why it waits or how it goes, every attempt, and what the chosen attempt writes.
import { html, useState } from "../lib/html.js";
import { post } from "../lib/api.js";
import { exact, moment } from "../lib/format.js";
import { beat, changes, jobs, mayAct, resets } from "../lib/fleet.js";
import { to } from "../lib/route.js";
import { attempt, confirm } from "../parts/ask.js";
import { Badge } from "../parts/badge.js";
import { Facts } from "../parts/facts.js";
import { Log } from "../parts/log.js";
import { Trouble, useBeats, useRead } from "../parts/read.js";
import { Explanation } from "../parts/why.js";
import { Ending, ending, took } from "./job.js";

const OVER = ["SUCCEEDED", "FAILED", "CANCELLED"];
const WAITS = ["WAITING", "BLOCKED", "BACKOFF"];

export function Task({ name }) {
  const word = name.includes(".") ? name : `${name}.0`;
  const [number, index] = word.split(".");
  const version = JSON.stringify([resets.value, changes.value && jobs.get(Number(number))]);
  const path = `/api/tasks/${encodeURIComponent(word)}`;
  const read = useRead(path, version);
  const attempts = useRead(`${path}/attempts`, version);
  const task = read.value;
  useBeats(task?.state === "ASSIGNED", () => (read.again(), attempts.again()));
  if (!task) return html`<section class="page"><${Trouble} problem=${read.problem} /></section>`;
  return html`<section class="page">
    <${Head} task=${task} word=${word} index=${index} />
    <${Trouble} problem=${read.problem} />
    ${WAITS.includes(task.state) && html`<${Waits} path=${path} />`}
    <${Attempts} task=${task} word=${word} all=${attempts.value?.items ?? []} />
  </section>`;
}

function Head({ task, word, index }) {
  const cancel = async () => {
    const reason = await confirm({ title: `Cancel task ${word}?`, text: "Its processes are ended, all of them.", action: "Cancel the task" });
    if (reason !== null) await attempt(() => post(`/api/jobs/${task.job}/cancel`, { ranges: index, reason }), `task ${word} is being cancelled`);
  };
  const job = jobs.get(task.job);
  return html`<header class="tools">
      <h1><span class="dim">Task</span> ${word}</h1>
      <${Badge} state=${task.state} />
      ${job?.kind === "simulate" && html`<span class="simulated">simulated</span>`}
      <span class="grow"></span>
      <a class="button" href=${`#/training?runs=${word}`}>${["train", "simulate"].includes(job?.kind) ? "Curves" : "Reports"}</a>
      <button class="danger" data-key="cancel" disabled=${OVER.includes(task.state) || !mayAct()} onClick=${cancel}>Cancel…</button>
    </header>
    <${Facts} facts=${[
      ["job", html`<a href=${to("jobs", task.job)}>${task.job} ${job?.name ?? ""}</a>`],
      ["attempt", task.attempt],
      ["worker", task.worker && html`<a href=${to("workers", task.worker)}>${task.worker}</a>`],
      ["began", moment(task.granted_at)],
      ["took", took(task)],
      ["ended", OVER.includes(task.state) ? moment(task.ended_at) : ""],
      ["how", ending(task)],
    ]} />`;
}

/** The whole explanation, as the scheduler sees it now. */
function Waits({ path }) {
  const told = useRead(`${path}/explain`, `${changes.value} ${beat.value}`);
  return html`<article class="card waits"><h2>Why it waits</h2>
    <${Trouble} problem=${told.problem} />
    ${told.value && html`<${Explanation} told=${told.value} />`}
  </article>`;
}

function Attempts({ task, word, all }) {
  const [chosen, choose] = useState(0); // 0: the newest
  const shown = chosen || task.attempt;
  if (!task.attempt) return html`<article class="card empty">It has had no attempt yet, so it has written nothing.</article>`;
  const view = all.find((each) => each.attempt === shown) ?? task;
  return html`
    ${all.length > 1 &&
    html`<article class="card"><h2>Attempts</h2><div class="attempts" role="table" aria-label="Attempts">
      ${all.map((each) => html`<button role="row" key=${each.attempt} class=${each.attempt === shown ? "line chosen" : "line"} aria-pressed=${each.attempt === shown} onClick=${() => choose(each.attempt)}>
        <b>#${each.attempt}</b><${Badge} state=${each.outcome || each.state} /><span>${each.worker}</span>
        <time title=${exact(each.granted_at)}>${moment(each.granted_at)}</time><span class="end">${took(each)}</span><${Ending} task=${each} />
      </button>`)}
    </div></article>`}
    <${Log} key=${`${word}#${shown}`} word=${word} attempt=${shown} running=${!view.outcome} />`;
}
