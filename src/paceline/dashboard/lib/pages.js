// Rows by position of a list that is read a page at a time: what is in sight, and that again when it may have changed.
import { Again } from "./again.js";
import { get } from "./api.js";

/** Who extends this says which pages are in sight, after what each begins (null: there is none), and takes what came. */
export class Pages {
  problem = null;
  fresh = new Set(); // pages that were asked for after the last change
  seen = [0, 1];
  #stopped = new AbortController();
  #again = new Again(() => this.#anew());
  #reading = null;
  #change = 0;

  /** `address(after)`: where a page is. `tell()` is called whenever rows came. */
  constructor(address, tell) {
    Object.assign(this, { address, tell });
  }

  /** These positions are looked at. */
  look(first, last) {
    this.seen = [first, Math.max(last, 1)];
    this.#read().then((problem) => problem && this.#again.want());
  }

  /** Whether a row that is looked at is like that. */
  some(like) {
    const [first, last] = this.seen;
    return Array.from({ length: last - first }, (_, offset) => this.row(first + offset)).some((row) => row && like(row));
  }

  /** What is looked at may have changed; it is read again, with care. */
  changed() {
    this.#again.want();
  }

  close() {
    this.#again.close();
    this.#stopped.abort();
  }

  #anew() {
    this.#change += 1;
    this.fresh.clear();
    return this.#read();
  }

  /** All that is in sight and not fresh. Resolves to the problem that was met, or null. */
  #read() {
    return (this.#reading ??= this.#whole());
  }

  async #whole() {
    await null; // who looks, and says in the same breath that it changed, has it read once
    const problem = await this.#missing().then(() => null, (problem) => problem);
    this.#reading = null;
    if (this.#stopped.signal.aborted) return null;
    this.problem = problem;
    this.tell();
    return problem;
  }

  async #missing() {
    for (let page; (page = this.#next()) !== undefined; ) {
      const change = this.#change;
      this.take(page, await get(this.address(this.after(page)), { signal: this.#stopped.signal }));
      if (change === this.#change) this.fresh.add(page);
      this.tell();
    }
  }

  #next() {
    return [...this.inSight()].find((page) => !this.fresh.has(page) && this.after(page) !== null);
  }
}

/** Page after page, as far as somebody scrolls. One may hold less than was asked for, or nothing, and not be the last. */
export class Paged extends Pages {
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

  /** With those that were empty, at the edge: rows may be there now. */
  *inSight() {
    const [first, last] = this.seen;
    let from = 0;
    for (const [page, part] of this.#parts.entries()) {
      if (from < last && from + part.length >= first) yield page;
      from += part.length;
    }
    if (last > from) yield this.#parts.length;
  }

  after(page) {
    return this.#afters[page] ?? null;
  }

  take(page, { items, next }) {
    if (this.#afters[page + 1] !== (next || undefined)) this.#cut(page, next);
    this.#parts[page] = items;
    this.#rows = this.#parts.flat();
  }

  /** The page after this one begins elsewhere: what was read from there on is not what is there. */
  #cut(page, next) {
    this.#parts.length = Math.min(this.#parts.length, page);
    this.#afters.length = page + 1;
    if (next) this.#afters.push(next);
    for (const each of this.fresh) if (each > page) this.fresh.delete(each);
  }
}
