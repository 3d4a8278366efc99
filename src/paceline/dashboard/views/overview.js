// Everything at a glance: what runs, how fast, on what, and what is wrong.
import { html, useEffect, useRef } from "../lib/html.js";
import { ago, bytes, duration, measure, milli, number, some } from "../lib/format.js";
import { changes, jobs, newest, now, over, present, throughput, workers } from "../lib/fleet.js";
import { to } from "../lib/route.js";
import { Badge, Gauge, Progress } from "../parts/badge.js";
import { colour, scheme, sharp } from "../parts/screen.js";
import { Why } from "../parts/why.js";
import { seen } from "./workers.js";

const SHOWN = 12;
const STUCK = 60; // seconds of waiting after which it is worth a line
const STATES = ["RUNNING", "WAITING", "BLOCKED", "STOPPING", "SUCCEEDED", "FAILED", "CANCELLED"];

export function Overview() {
  changes.value;
  const all = newest();
  return html`<section class="page overview">
    <h1 class="hidden">Overview</h1>
    <div class="tiles"><${Tasks} all=${all} /><${Pace} /><${Room} /></div>
    <${Wrong} all=${all} />
    <${Latest} all=${all} />
  </section>`;
}

function Tasks({ all }) {
  const sum = (field) => all.reduce((total, job) => total + job[field], 0);
  const figures = [["running", "busy"], ["waiting", "calm"], ["succeeded", "good"], ["failed", "bad"], ["cancelled", "dull"]];
  const jobsBy = STATES.map((state) => [state, all.filter((job) => job.state === state).length]).filter(([, count]) => count);
  return html`<article class="tile">
    <h2>Tasks</h2>
    <dl class="figures">
      ${figures.map(([field, kind]) => html`<div><dt class=${kind}>${field}</dt><dd data-figure=${field}>${number(sum(field))}</dd></div>`)}
    </dl>
    <p class="foot">
      ${some(all.length, "job")}${jobsBy.map(([state, count]) => html`<a href=${`#/jobs?state=${state}`}>${number(count)} ${state.toLowerCase()}</a>`)}
    </p>
  </article>`;
}

function Pace() {
  const canvas = useRef(null);
  const seconds = throughput();
  const lately = seconds.slice(-10).reduce((sum, count) => sum + count, 0) / 10;
  const left = [...jobs.values()].reduce((sum, job) => sum + job.total - over(job), 0);
  useEffect(() => draw(canvas.current, seconds), [now.value, scheme.value]);
  return html`<article class="tile">
    <h2>Throughput</h2>
    <p class="large"><b>${measure(lately)}</b> tasks ended/s</p>
    <canvas ref=${canvas} class="spark" role="img" aria-label=${`${measure(lately)} tasks ended per second`}></canvas>
    <p class="foot">since this page was opened, two minutes at most${lately > 0 && left > 0 && html`<span>${number(left)} left: about ${duration(left / lately)}</span>`}</p>
  </article>`;
}

function draw(canvas, counts) {
  if (!canvas?.clientWidth) return;
  const { context, width, height } = sharp(canvas);
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  context.fillStyle = colour("accent");
  counts.forEach((count, index) => {
    const tall = count ? Math.max(1.5, (count / most) * (height - 2)) : 0;
    context.fillRect(index * step, height - tall, Math.max(1, step - 1), tall);
  });
  context.fillStyle = colour("line");
  context.fillRect(0, height - 1, width, 1);
}

function Room() {
  const there = present();
  const sum = (read) => there.reduce((total, worker) => total + read(worker), 0);
  const [cpus, free] = [sum((each) => each.machine.capacity.cpu), sum((each) => each.cpu_free)];
  const [memory, spare] = [sum((each) => each.machine.capacity.memory), sum((each) => each.memory_free)];
  const [gpus, idle] = [sum((each) => each.machine.capacity.gpus.length * 1000), sum((each) => each.gpus_free)];
  return html`<article class="tile">
    <h2>Workers</h2>
    <p class="large"><b data-figure="workers">${number(there.length)}</b> connected, ${number(sum((each) => each.running))} attempts</p>
    <div class="gauges">
      <span>CPUs</span><${Gauge} share=${(cpus - free) / cpus} text=${`${milli(cpus - free)} of ${milli(cpus)}`} />
      <span>Memory</span><${Gauge} share=${(memory - spare) / memory} text=${`${bytes(memory - spare)} of ${bytes(memory)}`} />
      ${gpus > 0 && html`<span>GPUs</span><${Gauge} share=${(gpus - idle) / gpus} text=${`${milli(gpus - idle)} of ${milli(gpus)}`} />`}
    </div>
    <p class="foot">booked by tasks<a href="#/workers">all workers</a></p>
  </article>`;
}

/** What somebody should look at. */
function Wrong({ all }) {
  const lines = [...workersWrong(), ...jobsWrong(all)].slice(0, 8);
  if (!lines.length) return null;
  return html`<article class="card wrong"><h2>Needs a look</h2><ul>${lines}</ul></article>`;
}

function workersWrong() {
  const wrong = [...workers.values()].filter((worker) => ["LOST", "AWAY", "DRAINING"].includes(worker.state));
  return wrong.map(
    (worker) => html`<li key=${`w${worker.worker}`}><${Badge} state=${worker.state} /><a href=${to("workers", worker.name)}>${worker.name}</a>
      <span>${worker.reason || (worker.state === "DRAINING" ? "takes nothing new" : html`last seen ${seen(worker)}`)}</span></li>`,
  );
}

function jobsWrong(all) {
  const stuck = all.filter((job) => ["WAITING", "BLOCKED"].includes(job.state) && now.value - job.submitted_at > STUCK);
  const failed = all.filter((job) => job.failed > 0 && (!job.ended_at || now.value - job.ended_at < 3600));
  const failures = failed.map(
    (job) => html`<li key=${`f${job.job}`}><${Badge} state="FAILED" /><a href=${to("jobs", job.job)}>${job.job} ${job.name}</a>
      <a href=${`${to("jobs", job.job)}?state=FAILED`}>${some(job.failed, "task")} failed</a></li>`,
  );
  const waits = stuck.map(
    (job) => html`<li key=${`s${job.job}`}><${Badge} state=${job.state} /><a href=${to("jobs", job.job)}>${job.job} ${job.name}</a><${Why} job=${job} /></li>`,
  );
  return [...failures.slice(0, 4), ...waits.slice(0, 4)];
}

function Latest({ all }) {
  if (!all.length) {
    return html`<article class="card empty"><h2>Nothing has been submitted yet</h2><p>Try in a terminal:</p><pre>paceline run -- echo hello</pre></article>`;
  }
  const active = all.filter((job) => !job.ended_at);
  const shown = [...active, ...all.filter((job) => job.ended_at)].slice(0, SHOWN);
  return html`<article class="card">
    <h2>Jobs<a class="more" href="#/jobs">all jobs</a></h2>
    <div class="lines">${shown.map((job) => html`<${Line} key=${job.job} job=${job} />`)}</div>
  </article>`;
}

const Line = ({ job }) => html`<a class="line" href=${to("jobs", job.job)}>
  <b>${job.job}</b><span class="name">${job.name || job.kind}</span><${Badge} state=${job.state} /><${Progress} job=${job} />
  <span class="end">${number(over(job))}/${number(job.total)}</span><span class="end dim">${ago(job.submitted_at, now.value)}</span>
</a>`;
