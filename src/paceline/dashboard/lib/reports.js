// What trainings report, as curves: followed while a job runs, read once when it is over.
import { at, get } from "./api.js";
import { jobs } from "./fleet.js";
import { follow } from "./stream.js";

const STREAMS = 2; // jobs that are followed at a time: browsers open six connections to a server, for all tabs together
const PACE = 2000; // milliseconds between two readings of a further job that runs
const PAGE = 1000;
const OVER = ["SUCCEEDED", "FAILED", "CANCELLED"];

/** Curves of some jobs. `tell()` whenever something came. */
export class Reports {
  curves = new Map(); // by "job.index": {job, index, steps: Map(step → values), attempt}
  problem = null;
  #jobs = new Map(); // number → stop
  #frame = 0;
  #streams = 0;

  constructor(tell) {
    this.tell = tell;
  }

  /** From now on these jobs. */
  choose(numbers) {
    for (const [number, stop] of this.#jobs) if (!numbers.includes(number)) this.#drop(number, stop);
    for (const number of numbers) if (!this.#jobs.has(number)) this.#begin(number);
  }

  close() {
    this.choose([]);
    cancelAnimationFrame(this.#frame);
    this.tell = () => {};
  }

  #drop(number, stop) {
    stop();
    this.#jobs.delete(number);
    for (const [word, curve] of this.curves) if (curve.job === number) this.curves.delete(word);
    this.#told();
  }

  #begin(number) {
    const live = !OVER.includes(jobs.get(number)?.state ?? "") && this.#streams < STREAMS;
    if (live) this.#streams += 1;
    const stop = live ? this.#follow(number) : this.#poll(number);
    this.#jobs.set(number, () => (stop(), live && (this.#streams -= 1)));
  }

  #follow(number) {
    return follow(`/api/jobs/${number}/live`, {
      each: (event, data) => event === "reports" && this.#take(JSON.parse(data)),
      state: (_, problem) => this.#troubled(problem),
    });
  }

  #poll(number) {
    const stopped = new AbortController();
    let [after, timer] = [0, 0];
    const read = async () => {
      try {
        const { items, next } = await get(at(`/api/jobs/${number}/reports`, { after, limit: PAGE }), { signal: stopped.signal });
        this.#take(items);
        after = next || after;
        if (items.length < PAGE && OVER.includes(jobs.get(number)?.state ?? "")) return;
        timer = setTimeout(read, items.length < PAGE ? PACE : 0);
      } catch (problem) {
        if (problem.name === "AbortError") return;
        this.#troubled(problem);
        timer = setTimeout(read, PACE);
      }
    };
    read();
    return () => (stopped.abort(), clearTimeout(timer));
  }

  /** A step that is said again, by a later attempt, counts as it was said last. */
  #take(reports) {
    for (const { job, index, attempt, step, values } of reports) {
      const word = `${job}.${index}`;
      if (!this.curves.has(word)) this.curves.set(word, { word, job, index, steps: new Map(), attempt });
      const curve = this.curves.get(word);
      curve.attempt = Math.max(curve.attempt, attempt);
      curve.steps.set(step, { ...curve.steps.get(step), ...JSON.parse(values) });
    }
    this.problem = null;
    this.#told();
  }

  #troubled(problem) {
    if (problem) this.problem = problem;
    this.#told();
  }

  #told() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.tell();
    });
  }
}

const NOT_CURVES = new Set(["progress", "epoch", "epochs", "eta", "simulated", "seconds"]);
const FIRST = ["loss", "val_loss", "accuracy", "val_accuracy", "r2", "val_r2"];

/** Names of the numbers that these curves have, the usual ones first. */
export function metricsOf(curves) {
  const names = new Set();
  for (const { steps } of curves) {
    const last = [...steps.values()].at(-1) ?? {};
    for (const [name, value] of Object.entries(last)) if (typeof value === "number" && !NOT_CURVES.has(name)) names.add(name);
  }
  const place = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...names].sort((one, other) => place(one) - place(other) || one.localeCompare(other));
}

/** All curves over one axis: [steps, values of the first, values of the second …]; null where one has none. */
export function aligned(curves, metric) {
  const steps = [...new Set(curves.flatMap((curve) => [...curve.steps.keys()]))].sort((one, other) => one - other);
  const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
  return [steps, ...curves.map((curve) => steps.map((step) => number(curve.steps.get(step)?.[metric])))];
}
