// The tasks of a job as rows by position, read a page at a time, however many there are.
import { at, get } from "./api.js";

const PAGE = 100;
const LEAST = 1000; // milliseconds between two readings of what is in sight
const CARE = 10; // times as long as the last reading took

/**
 * Of an unfiltered job whose array says which indexes there are, any place can be read at once (`Direct`); otherwise
 * page after page as far as somebody scrolls (`Paged`). `tell()` is called whenever rows came.
 */
export const tasksOf = (job, state, tell) => {
  const spans = state ? null : spansOf(job);
  return spans ? new Direct(job.job, spans, tell) : new Paged(job.job, state, tell);
};

/** "0-9:3,20" as [{start, step, count, from}], ascending; null where spans mingle. */
export function spansOf(job) {
  if (!job.array) return [{ start: 0, step: 1, count: job.total, from: 0 }];
  const spans = [];
  let [from, beyond] = [0, -1];
  for (const part of job.array.split("%")[0].split(",")) {
    const [, start, end = start, step = 1] = /^(\d+)(?:-(\d+))?(?::(\d+))?$/.exec(part) ?? [];
    if (start === undefined || Number(start) <= beyond) return null;
    const count = Math.floor((end - start) / step) + 1;
    spans.push({ start: Number(start), step: Number(step), count, from });
    beyond = Number(end);
    from += count;
  }
  return from === job.total ? spans : null;
}

class Pages {
  problem = null;
  seen = [0, 0];
  #reading = new Set();
  #free = 0;
  #timer = 0;

  constructor(job, state, tell) {
    Object.assign(this, { job, state, tell });
  }

  /** These positions are looked at. */
  look(first, last) {
    this.seen = [first, Math.max(last, 1)];
    for (const page of this.inSight()) if (!this.has(page)) this.#read(page);
  }

  /** What is looked at may have changed; it is read again, with care. */
  changed() {
    if (this.#timer) return;
    const wait = Math.max(0, this.#free - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.forget();
      for (const page of this.inSight()) this.#read(page);
    }, wait);
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = Infinity;
    this.tell = () => {};
  }

  async #read(page) {
    const after = this.after(page);
    if (after === null || this.#reading.has(page)) return;
    this.#reading.add(page);
    const began = performance.now();
    try {
      this.take(page, await get(at(`/api/jobs/${this.job}/tasks`, { state: this.state, after, limit: PAGE })));
      this.problem = null;
    } catch (problem) {
      this.problem = problem;
    }
    this.#reading.delete(page);
    this.#free = performance.now() + Math.max(LEAST, CARE * (performance.now() - began));
    if (this.problem?.status === 0) this.changed();
    else if (!this.problem) this.look(...this.seen);
    this.tell();
  }
}

class Direct extends Pages {
  #rows = new Map(); // by position
  #fresh = new Set(); // pages

  constructor(job, spans, tell) {
    super(job, "", tell);
    this.spans = spans;
    this.count = spans.reduce((total, span) => total + span.count, 0);
  }

  row(position) {
    return this.#rows.get(position);
  }

  *inSight() {
    const [first, last] = this.seen;
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page += 1) yield page;
  }

  has(page) {
    return this.#fresh.has(page);
  }

  forget() {
    this.#fresh.clear();
  }

  /** The index above which a page begins; null: there is no such page. */
  after(page) {
    const position = page * PAGE;
    const span = this.spans.find((each) => position < each.from + each.count);
    if (!span) return null;
    const index = span.start + (position - span.from) * span.step;
    return index === 0 ? "" : index - 1;
  }

  take(page, { items }) {
    this.#fresh.add(page);
    items.forEach((task, offset) => this.#rows.set(page * PAGE + offset, task));
  }
}

/** A narrowed page may hold less than was asked for, or nothing, and still not be the last. */
class Paged extends Pages {
  #parts = []; // rows by page
  #afters = [""]; // where each page begins: known once the one before was read
  #rows = [];

  /** What was read, and one more row while there may be more. */
  get count() {
    return this.#rows.length + (this.#afters.length > this.#parts.length ? 1 : 0);
  }

  row(position) {
    return this.#rows[position];
  }

  *inSight() {
    const [first, last] = this.seen;
    let from = 0;
    for (const [page, part] of this.#parts.entries()) {
      if (from < last && from + part.length > first) yield page;
      from += part.length;
    }
    if (last > from) yield this.#parts.length;
  }

  has(page) {
    return page < this.#parts.length;
  }

  forget() {}

  after(page) {
    return this.#afters[page] ?? null;
  }

  take(page, { items, next }) {
    if (this.#afters[page + 1] !== (next || undefined)) {
      this.#parts.length = Math.min(this.#parts.length, page);
      this.#afters.length = page + 1;
      if (next) this.#afters.push(next);
    }
    this.#parts[page] = items;
    this.#rows = this.#parts.flat();
  }
}
