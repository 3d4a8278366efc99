// The live picture: jobs, workers and models as they change. Views read it; one stream keeps it.
import { batch, computed, effect, signal } from "./html.js";
import { Again } from "./again.js";
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
/** Every other second: for what no record tells of, that an attempt began, that a cause is gone. */
export const beat = computed(() => Math.floor(now.value / 2));
/** Whether our token may change anything. */
export const mayAct = () => info.value?.role !== "read";

export const jobs = new Map(); // by number
export const workers = new Map(); // by number
/** Counts changes of the catalogue. */
export const models = signal(0);
/** Counts how often all of this was begun anew, because something may have been missed. */
export const resets = signal(0);
/** From this job on all are known. */
export let whole = Infinity;
/** Tasks that ended, by second. */
const ended = new Map();
const told = new WeakMap(); // a view → when it came by itself, or was asked for
let renewed = 0; // what was asked for before says nothing any more

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
  const lists = new Again(refresh);
  const each = (event, data) => (event === "reset" ? lists.want() : take(event, data));
  const stop = follow("/api/live", { each, state: (state, problem) => (link.value = { state, problem }) });
  return () => (stop(), lists.close());
}

function forget() {
  jobs.clear();
  workers.clear();
  ended.clear();
  whole = Infinity;
  link.value = { state: "connecting", problem: null };
}

/** Read the lists anew, as the stream says at its beginning, and when it cannot say what was missed. */
function refresh(signal) {
  const asked = performance.now();
  const paths = ["/api/info", at("/api/jobs", { limit: FIRST_JOBS }), "/api/workers"];
  const lists = Promise.all(paths.map((path) => get(path, { signal })));
  return lists.then((answers) => renew(answers, asked), (problem) => problem);
}

/** Nothing that was known before they were asked for is known any more; what came by itself since then is newer. */
function renew([said, newestJobs, all], asked) {
  renewed = asked;
  for (const known of [jobs, workers]) {
    for (const [key, view] of known) if (!(told.get(view) > asked)) known.delete(key);
  }
  takeJobs(newestJobs.items, asked);
  takeWorkers(all.items, asked);
  whole = newestJobs.next ? Number(newestJobs.next) : 0;
  batch(() => (takeInfo(said), (resets.value += 1), (models.value += 1)));
  changed();
  return null;
}

function takeInfo(said) {
  skew = said.now - Date.now() / 1000;
  info.value = said;
  now.value = time();
}

function take(event, data) {
  if (event === "jobs") hear(JSON.parse(data));
  if (event === "workers") takeWorkers(JSON.parse(data), performance.now());
  if (event === "models") models.value += 1;
  changed();
}

/** Jobs as they are now: what has ended since they were last heard of ended just now. */
function hear(views) {
  for (const job of views) {
    const before = jobs.get(job.job);
    if (before || job.submitted_at > time() - 5) count(over(job) - (before ? over(before) : 0));
  }
  takeJobs(views, performance.now());
}

/** Jobs as an answer has them that was asked for then. */
export const takeJobs = (views, asked) => views.forEach((job) => lay(jobs, job.job, job, asked));
export const takeWorkers = (views, asked) => views.forEach((worker) => lay(workers, worker.worker, worker, asked));

/** Over what is known, unless that is newer: an answer may arrive after what was told later. */
function lay(known, key, view, asked) {
  if (asked < renewed || told.get(known.get(key)) > asked) return;
  told.set(view, asked);
  known.set(key, view);
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
