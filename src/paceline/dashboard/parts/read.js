// Reading something of the server for a view, and again when it may have changed; trouble is shown and heals by itself.
import { html, useEffect, useState } from "../lib/html.js";
import { get } from "../lib/api.js";

const LEAST = 1000; // milliseconds between two readings
const CARE = 10; // times as long as the last reading took

/**
 * `{value, problem}` of a path; it is read again when `version` changes, but never so often that reading is all that happens.
 * `path` empty: nothing is read.
 */
export function useRead(path, version = 0) {
  const [read, setRead] = useState({ path, value: null, problem: null });
  const [reader] = useState(() => new Reader());
  useEffect(() => {
    reader.tell = setRead;
    return () => reader.close();
  }, []);
  useEffect(() => reader.want(path, version), [path, version]);
  return read.path === path ? read : { path, value: null, problem: null };
}

class Reader {
  tell = () => {};
  #path = "";
  #wanted = false;
  #busy = false;
  #closed = false;
  #timer = 0;
  #free = 0; // when the next reading may begin

  want(path) {
    if (path !== this.#path) {
      clearTimeout(this.#timer);
      this.#timer = this.#free = 0;
    }
    this.#path = path;
    this.#wanted = path !== "";
    this.#plan();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #plan() {
    if (this.#busy || this.#timer || this.#closed || !this.#wanted) return;
    this.#timer = setTimeout(() => this.#read(this.#path), Math.max(0, this.#free - performance.now()));
  }

  async #read(path) {
    const began = performance.now();
    this.#timer = 0;
    this.#wanted = false;
    this.#busy = true;
    const [value, problem] = await get(path).then((value) => [value, null], (problem) => [null, problem]);
    this.#busy = false;
    if (path === this.#path && !this.#closed) {
      const ended = performance.now();
      this.#free = ended + Math.max(LEAST, CARE * (ended - began));
      this.tell((before) => (problem && before.path === path ? { ...before, problem } : { path, value, problem }));
      this.#wanted ||= Boolean(problem) && (problem.status === 0 || problem.status >= 500);
    }
    this.#plan();
  }
}

export const Trouble = ({ problem }) =>
  problem && html`<p class="trouble" role="alert">${problem.message}${problem.hint && html`<small>${problem.hint}</small>`}</p>`;
