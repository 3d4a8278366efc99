// Attempts by worker, from the event log: what the timeline draws.
import { get } from "./api.js";
import { columns, log } from "./events.js";

export const KINDS = ["attempts_granted", "attempts_over"];
const MOST = 200_000;
const PAGES = 20; // of older rows that are read at a time

/** Who ran what from when until when. Rows may come in any order, and more than once. */
export class Attempts {
  byWorker = new Map(); // number → attempts
  earliest = Infinity; // what is known of the time before is not all
  cut = false; // whether more lies there than was read when somebody wanted it
  #reaching = null;
  #wanted = Infinity;
  #known = new Map();
  #unsorted = new Set();

  /** What has just happened, or the newest there is to begin with. */
  take(events) {
    this.#add(events);
    if (events.length) this.earliest = Math.min(this.earliest, events[0].at);
  }

  /** Read what happened from a moment on, as far as that is not known. What is wanted meanwhile is read after it. */
  reach(from) {
    this.#wanted = from;
    return (this.#reaching ??= this.#reach().finally(() => (this.#reaching = null)));
  }

  async #reach() {
    for (let from = NaN; from !== this.#wanted; ) {
      from = this.#wanted;
      this.cut = from < this.earliest && !(await this.#meet(from));
      if (!this.cut) this.earliest = Math.min(this.earliest, from);
    }
  }

  /** Read on from there, until what is known begins. Whether it came so far. */
  async #meet(from) {
    let after = 0;
    for (let page = 0; page < PAGES && this.#known.size <= MOST; page += 1) {
      const { items, next } = await get(log({ since: Math.max(from, 0), after, limit: 1000 }, KINDS));
      this.#add(items);
      if (!next || !items.length || items.at(-1).at >= this.earliest) return true;
      after = next;
    }
    return false;
  }

  #add(events) {
    for (const event of events) {
      if (event.kind === "attempts_granted") this.#granted(event, JSON.parse(event.body));
      if (event.kind === "attempts_over") this.#over(event, JSON.parse(event.body));
    }
  }

  #granted(event, body) {
    const { numbers } = columns(body);
    body.indexes.forEach((index, at) => {
      const attempt = this.#attempt(body.worker, `${event.subject}.${index}`, numbers[at], event.at);
      if (!attempt.to) attempt.from = event.at;
    });
  }

  #over(event, body) {
    const { numbers, outcomes, details, seconds } = columns(body);
    body.indexes.forEach((index, at) => {
      const attempt = this.#attempt(body.worker, `${event.subject}.${index}`, numbers[at], event.at);
      // Not the moment of the grant: a worker is given the next task while it still runs one.
      Object.assign(attempt, { from: event.at - seconds[at], to: event.at, outcome: outcomes[at], detail: details[at] });
    });
  }

  #attempt(worker, task, number, from) {
    const word = `${task}#${number}`;
    this.#unsorted.add(worker);
    if (this.#known.has(word)) return this.#known.get(word);
    const attempt = { task, number, from, to: 0, outcome: "", detail: "" };
    this.#known.set(word, attempt);
    if (!this.byWorker.has(worker)) this.byWorker.set(worker, []);
    this.byWorker.get(worker).push(attempt);
    if (this.#known.size > 1.5 * MOST) this.#shed();
    return attempt;
  }

  /** The oldest third that is over is let go, and with it what is known of that time. */
  #shed() {
    for (const [worker, all] of this.byWorker) {
      all.sort((one, other) => one.from - other.from);
      const bound = all.length / 3;
      const kept = all.filter((attempt, at) => at >= bound || !attempt.to);
      for (const attempt of all.slice(0, bound).filter((each) => each.to)) {
        this.#known.delete(`${attempt.task}#${attempt.number}`);
        this.earliest = Math.max(this.earliest, attempt.to);
      }
      this.byWorker.set(worker, kept);
    }
  }

  /** Those of a worker that run at some time between two moments, each with the lane that it has to itself. */
  within(worker, from, to, now) {
    const all = this.byWorker.get(worker) ?? [];
    if (this.#unsorted.delete(worker)) all.sort((one, other) => one.from - other.from);
    const ends = [];
    const found = [];
    for (const attempt of all) {
      const end = attempt.to || now;
      if (end < from || attempt.from > to) continue;
      let lane = ends.findIndex((free) => free <= attempt.from + 1e-3);
      if (lane < 0) lane = ends.length;
      ends[lane] = end;
      found.push({ attempt, lane, end });
    }
    return { found, lanes: Math.max(1, ends.length) };
  }
}
