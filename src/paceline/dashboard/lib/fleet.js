// The live picture: jobs, workers and models as they change. Views read it; one stream keeps it.
import { batch, effect, signal } from "./html.js";
import { at, get, token } from "./api.js";
import { follow } from "./stream.js";

const FIRST_JOBS = 200;
const SPAN = 120; // seconds of throughput that are remembered

/** "connecting", "live" or "away", and why. */
export const link = signal({ state: "connecting", problem: null });
/** Counts every change of what is below; a view that reads it is drawn again. */
export const changes = signal(0);
/** What the server says of itself and of us: version, trouble, role. */
export const info = signal(null);
/** The server's time in seconds since 1970, once a second while somebody looks. */
export const now = signal(Date.now() / 1000);
/** Whether our token may change anything. */
export const mayAct = () => info.value?.role !== "read";

export const jobs = new Map(); // by number
export const workers = new Map(); // by number
/** Counts changes of the catalogue. */
export const models = signal(0);
/** Tasks that ended, by second. */
const ended = new Map();

let due = false;
let skew = 0; // seconds by which the server's clock is ahead of ours

/** Begin to follow, and stay with it as long as there is a token. */
export function begin() {
  setInterval(() => document.hidden || (now.value = time()), 1000);
  let stop = () => {};
  effect(() => {
    stop();
    stop = token.value ? open() : () => {};
  });
}

const time = () => Date.now() / 1000 + skew;

function open() {
  forget();
  return follow("/api/live", { each: take, state: (state, problem) => (link.value = { state, problem }) });
}

function forget() {
  jobs.clear();
  workers.clear();
  ended.clear();
  link.value = { state: "connecting", problem: null };
}

const quiet = () => {}; // the state of the link says it already

/** Read the lists anew, as the stream says at its beginning, and when it cannot say what was missed. */
async function refresh() {
  get("/api/info").then(takeInfo, quiet);
  const both = [get(at("/api/jobs", { limit: FIRST_JOBS })), get("/api/workers")];
  const [some, all] = await Promise.all(both).catch(() => [null, null]);
  if (!some) return;
  const there = new Set(all.items.map((worker) => worker.worker));
  for (const known of workers.keys()) if (!there.has(known)) workers.delete(known);
  takeJobs(some.items, false);
  for (const worker of all.items) workers.set(worker.worker, worker);
  changed();
}

function takeInfo(said) {
  skew = said.now - Date.now() / 1000;
  batch(() => ((info.value = said), (now.value = time())));
}

function take(event, data) {
  if (event === "reset") return refresh();
  if (event === "jobs") takeJobs(JSON.parse(data), true);
  if (event === "workers") for (const worker of JSON.parse(data)) workers.set(worker.worker, worker);
  if (event === "models") models.value += 1;
  return changed();
}

/** Jobs as they are now. `counted`: what has ended since they were last heard of ended just now. */
export function takeJobs(views, counted) {
  for (const job of views) {
    const before = jobs.get(job.job);
    if (counted && (before || job.submitted_at > time() - 5)) count(over(job) - (before ? over(before) : 0));
    jobs.set(job.job, job);
  }
}

export const over = (job) => job.succeeded + job.failed + job.cancelled;

function count(tasks) {
  const second = Math.floor(time());
  if (tasks > 0) ended.set(second, (ended.get(second) ?? 0) + tasks);
  for (const old of ended.keys()) if (old < second - SPAN) ended.delete(old);
}

/** Tasks that ended in each of the last seconds, oldest first; the second that is not over is left out. */
export function throughput(seconds = SPAN) {
  const last = Math.floor(now.value) - 1;
  return Array.from({ length: seconds }, (_, index) => ended.get(last - seconds + 1 + index) ?? 0);
}

/** Views are drawn at most once a frame, however much arrives. */
function changed() {
  if (due) return;
  due = true;
  const tell = () => batch(() => ((due = false), (changes.value += 1)));
  document.hidden ? setTimeout(tell, 1000) : requestAnimationFrame(tell);
}

/** Jobs, newest first. */
export function newest() {
  if (sorted.at !== changes.peek() || sorted.list.length !== jobs.size) {
    sorted = { at: changes.peek(), list: [...jobs.values()].sort((one, other) => other.job - one.job) };
  }
  return sorted.list;
}
let sorted = { at: -1, list: [] };
export const GONE = ["LOST", "LEFT"];
export const present = () => [...workers.values()].filter((worker) => !GONE.includes(worker.state));
