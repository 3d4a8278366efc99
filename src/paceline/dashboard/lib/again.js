// Doing again what may have changed: as often as it does, never so often that this is all that happens, and never not
// for the last time.

const LEAST = 1000; // milliseconds of rest
const CARE = 10; // times as long as the last one took …
const MOST = 5000; // … but what is seen is never older than this for it

/** Whether trouble passes by itself. */
const passes = (problem) => problem.status === 0 || problem.status >= 500;

/**
 * Does one thing, never twice at a time. `doing(signal)` resolves to the problem it met, or null; after one that passes
 * by itself it is done again. What is wanted while it is being done is done after it.
 */
export class Again {
  #doing;
  #stopped = new AbortController();
  #wanted = false;
  #busy = false;
  #timer = 0;
  #free = 0; // when the next one may begin

  constructor(doing) {
    this.#doing = doing;
  }

  /** At once, or as soon as may be. */
  want() {
    this.#wanted = true;
    this.#plan();
  }

  close() {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  #plan() {
    if (this.#busy || this.#timer || !this.#wanted || this.#stopped.signal.aborted) return;
    const rest = this.#free - performance.now();
    if (rest <= 0) return void this.#do();
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#plan();
    }, rest);
  }

  async #do() {
    const began = performance.now();
    this.#wanted = false;
    this.#busy = true;
    const problem = await this.#doing(this.#stopped.signal);
    const ended = performance.now();
    this.#busy = false;
    this.#free = ended + Math.min(Math.max(LEAST, CARE * (ended - began)), MOST);
    this.#wanted ||= problem !== null && passes(problem);
    this.#plan();
  }
}
