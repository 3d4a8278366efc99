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
  #known = new Map();
  #unsorted = new Set();

  take(events) {
    for (const event of events) {
      if (event.kind === "attempts_granted") this.#granted(event, JSON.parse(event.body));
      if (event.kind === "attempts_over") this.#over(event, JSON.parse(event.body));
      this.earliest = Math.min(this.earliest, event.at);
    }
  }

  /** Read what happened from a moment on, as far as that is not known. */
  async reach(from) {
    if (from >= this.earliest || this.#known.size > MOST) return;
    const until = this.earliest;
    let after = 0;
    for (let page = 0; page < PAGES; page += 1) {
      const { items, next } = await get(log({ since: Math.max(from, 0), after, limit: 1000 }, KINDS));
      this.take(items);
      if (!next || !items.length || items.at(-1).at >= until) break;
      after = next;
    }
    this.earliest = Math.min(this.earliest, from);
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

  /** The oldest third that is over is let go. */
  #shed() {
    for (const [worker, all] of this.byWorker) {
      const bound = all.length / 3;
      const kept = all.filter((attempt, at) => at >= bound || !attempt.to);
      for (const attempt of all.slice(0, bound)) if (attempt.to) this.#known.delete(`${attempt.task}#${attempt.number}`);
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
