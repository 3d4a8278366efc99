// The tasks of a job as rows by position, read a page at a time, however many there are.
import { at } from "./api.js";
import { Paged, Pages } from "./pages.js";

const PAGE = 100;

/**
 * Of an unfiltered job whose array says which indexes there are, any place can be read at once (`Direct`); otherwise
 * page after page as far as somebody scrolls (`Paged`). `tell()` is called whenever rows came.
 */
export const tasksOf = (job, state, tell) => {
  const spans = state ? null : spansOf(job);
  const address = (after) => at(`/api/jobs/${job.job}/tasks`, { state, after, limit: PAGE });
  return spans ? new Direct(address, spans, tell) : new Paged(address, tell);
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

class Direct extends Pages {
  #rows = new Map(); // by position

  constructor(address, spans, tell) {
    super(address, tell);
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

  /** The index above which a page begins; null: there is no such page. */
  after(page) {
    const position = page * PAGE;
    const span = this.spans.find((each) => position < each.from + each.count);
    if (!span) return null;
    const index = span.start + (position - span.from) * span.step;
    return index === 0 ? "" : index - 1;
  }

  take(page, { items }) {
    items.forEach((task, offset) => this.#rows.set(page * PAGE + offset, task));
  }
}
