// The page: who we are, where we are, and what is shown there.
import { html, render, useEffect, useRef } from "./lib/html.js";
import { logOut, token, tradeCode } from "./lib/api.js";
import { begin, info, link } from "./lib/fleet.js";
import { route } from "./lib/route.js";
import { Dialogs } from "./parts/ask.js";
import { Help, VIEWS, help, listen } from "./parts/keys.js";
import { Login } from "./views/login.js";
import { Overview } from "./views/overview.js";
import { Jobs } from "./views/jobs.js";
import { Job } from "./views/job.js";
import { Task } from "./views/task.js";
import { Workers } from "./views/workers.js";
import { Worker } from "./views/worker.js";
import { Training } from "./views/training.js";
import { Models } from "./views/models.js";
import { Model } from "./views/model.js";
import { Timeline } from "./views/timeline.js";
import { Events } from "./views/events.js";

/** Whole lists by the first part of the address, and one thing of them by the second. */
const LISTS = { jobs: Jobs, workers: Workers, training: Training, models: Models, timeline: Timeline, events: Events };
const THINGS = { jobs: Job, tasks: Task, workers: Worker, models: Model };

function view() {
  const [noun, name] = route.value.parts;
  if (!noun) return html`<${Overview} />`;
  const Found = name === undefined ? LISTS[noun] : THINGS[noun];
  return Found ? html`<${Found} key=${`${noun}/${name}`} name=${name} />` : html`<${Nowhere} />`;
}

const Nowhere = () => html`<section class="page"><h1>There is no such page</h1><p><a href="#/">Overview</a></p></section>`;

function Bar() {
  const noun = route.value.parts[0] ?? "";
  const current = noun === "tasks" ? "jobs" : noun;
  const views = useRef(null);
  useEffect(() => views.current.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" }), [current]);
  return html`<header class="bar">
    <a class="brand" href="#/" aria-label="Paceline: overview"><img src=${new URL("icon.svg", import.meta.url).href} alt="" width="20" height="20" />Paceline</a>
    <nav aria-label="Views" ref=${views}>
      ${VIEWS.map(([path, title]) => html`<a href=${`#/${path}`} aria-current=${path === current ? "page" : undefined}>${title}</a>`)}
    </nav>
    <${Link} />
    <button class="plain keyboard" title="Keyboard shortcuts (?)" aria-label="Keyboard shortcuts" onClick=${() => (help.value = true)}>?</button>
    <button class="plain" onClick=${() => logOut()}>Log out</button>
  </header>`;
}

function Link() {
  const { state, problem } = link.value;
  const words = { live: "live", connecting: "connecting", away: "reconnecting", refused: "not live" };
  return html`<span class=${`link ${state}`} role="status" title=${problem ? `${problem.message}. ${problem.hint}` : ""}>${words[state]}</span>`;
}

function Trouble() {
  const { state, problem } = link.value;
  if (state === "away" && problem) return html`<p class="trouble wide" role="alert">${problem.message}<small>${problem.hint}</small></p>`;
  return info.value?.trouble ? html`<p class="trouble wide" role="alert">${info.value.trouble}</p>` : null;
}

function App() {
  useEffect(() => {
    document.title = ["Paceline", ...route.value.parts].join(" · ");
  }, [route.value.path]);
  if (!token.value) return html`<${Login} />`;
  return html`<${Bar} /><${Trouble} /><main id="main">${view()}</main><${Dialogs} /><${Help} />`;
}

addEventListener("hashchange", tradeCode);
listen();
tradeCode();
begin();
const place = document.getElementById("app");
place.replaceChildren(); // what stood there while all of this was on its way
render(html`<${App} />`, place);
