// How trainings go: a chart for each measure, a curve for each run that was chosen, live.
import { html, useEffect, useState } from "../lib/html.js";
import { reading, some } from "../lib/format.js";
import { changes, jobs, newest } from "../lib/fleet.js";
import { Reports, aligned, metricsOf } from "../lib/reports.js";
import { ask, route, to } from "../lib/route.js";
import { Badge } from "../parts/badge.js";
import { Chart, COLOURS } from "../parts/chart.js";
import { Trouble } from "../parts/read.js";

const LEARN = ["train", "simulate"];
const CURVES = 12; // drawn at a time
const LISTED = 40;

export function Training() {
  changes.value;
  const [, draw] = useState(0);
  const [reports] = useState(() => new Reports(() => draw((count) => count + 1)));
  useEffect(() => () => reports.close(), [reports]);
  const trainings = newest().filter((job) => LEARN.includes(job.kind)).slice(0, LISTED);
  const said = route.value.query.get("runs");
  const chosen = said === null ? trainings.slice(0, 1).map((job) => String(job.job)) : said.split(",").filter((word) => /^\d+(\.\d+)?$/.test(word));
  const wanted = [...new Set(chosen.map((word) => Number(word.split(".")[0])))];
  useEffect(() => reports.choose(wanted), [wanted.join(), newest().length > 0]);
  const all = [...reports.curves.values()].filter((curve) => chosen.includes(curve.word) || chosen.includes(String(curve.job)));
  const curves = all.slice(0, CURVES);
  return html`<section class="page training">
    <aside class="card" aria-label="Runs"><h2>Runs</h2><${Runs} trainings=${trainings} chosen=${chosen} wanted=${wanted} /></aside>
    <div class="charts">
      <h1 class="hidden">Training</h1>
      <${Trouble} problem=${reports.problem} />
      ${curves.length ? html`<${Legend} curves=${curves} left=${all.length - curves.length} />` : html`<${Nothing} wanted=${wanted} />`}
      ${metricsOf(curves).map((metric) => html`<${Panel} key=${metric} metric=${metric} curves=${curves} />`)}
    </div>
  </section>`;
}

/** What may be compared: recent trainings, and whatever the address names besides. */
function Runs({ trainings, chosen, wanted }) {
  const others = wanted.filter((number) => !trainings.some((job) => job.job === number)).map((number) => jobs.get(number) ?? { job: number, name: "", kind: "", state: "" });
  const toggle = (number) => {
    const rest = chosen.filter((word) => Number(word.split(".")[0]) !== number);
    ask({ runs: (rest.length < chosen.length ? rest : [...chosen, String(number)]).join(",") || "none" });
  };
  if (!trainings.length && !others.length) return html`<p class="dim">No training yet.</p>`;
  return html`<ul class="runs">
    ${[...others, ...trainings].map((job) => html`<li key=${job.job}>
      <label><input type="checkbox" checked=${wanted.includes(job.job)} onChange=${() => toggle(job.job)} /><b>${job.job}</b><span class="name" title=${job.name}>${job.name || job.kind}</span></label>
      ${job.kind === "simulate" && html`<span class="simulated">simulated</span>`}
      ${job.state && html`<${Badge} state=${job.state} />`}
    </li>`)}
  </ul>`;
}

const Nothing = ({ wanted }) =>
  wanted.length
    ? html`<div class="card empty">Nothing was reported yet. Curves are here as soon as the first epoch is over.</div>`
    : html`<div class="card empty"><p>Choose a run, or start one:</p><pre>paceline run --kind simulate --param epochs=50</pre></div>`;

function Legend({ curves, left }) {
  return html`<ul class="legend" aria-label="Curves">
    ${curves.map((curve, at) => {
      const job = jobs.get(curve.job);
      const last = [...curve.steps.entries()].at(-1);
      const values = last?.[1] ?? {};
      return html`<li key=${curve.word}>
        <i style=${{ background: COLOURS[at % COLOURS.length] }}></i><a href=${to("tasks", curve.word)}>${curve.word}</a> ${job?.name ?? ""}
        ${(values.simulated || job?.kind === "simulate") && html`<span class="simulated">simulated</span>`}
        <span class="dim">step ${last?.[0]}${curve.attempt > 1 ? `, attempt ${curve.attempt}` : ""}</span>
      </li>`;
    })}
    ${left > 0 && html`<li class="dim">and ${some(left, "more curve")}: choose fewer, or one by its task</li>`}
  </ul>`;
}

function Panel({ metric, curves }) {
  const data = aligned(curves, metric);
  const last = data.slice(1).map((values) => values.findLast((value) => value !== null) ?? null);
  return html`<article class="card chart" data-metric=${metric}>
    <h2>${metric}<span class="last">${last.map((value, at) => value !== null && html`<span key=${at}><i style=${{ background: COLOURS[at % COLOURS.length] }}></i>${reading(metric)(value)}</span>`)}</span></h2>
    <${Chart} label=${metric} data=${data} names=${curves.map((curve) => curve.word)} />
  </article>`;
}
