// What an attempt writes, followed. Text is text: it is put into the page as a text node, escapes of terminals left out.
import { html, useEffect, useRef, useState } from "../lib/html.js";
import { Again } from "../lib/again.js";
import { ask, at, saveAs } from "../lib/api.js";
import { bytes } from "../lib/format.js";
import { follow } from "../lib/stream.js";
import { attempt as attemptTo } from "./ask.js";

const TAIL = 1 << 16; // bytes with which it begins
const MOST = 1 << 21; // characters that are kept in the page
const NEAR = 40; // pixels from the end that count as the end

const encoder = new TextEncoder();
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;

export function Log({ word, attempt, running }) {
  const [stream, setStream] = useState("out");
  const [told, setTold] = useState({ before: 0, size: 0, problem: null, following: true });
  const box = useRef(null);
  const paper = useRef(null);

  useEffect(() => {
    const written = new Paper(box.current, (change) => setTold((before) => ({ ...before, ...change })));
    paper.current = written;
    const stop = read({ word, attempt, stream, written });
    return () => (stop(), written.close());
  }, [word, attempt, stream]);

  const follows = () => paper.current.stick(!told.following);
  return html`<article class="card log">
    <header class="tools low">
      <h2>Output</h2>
      <span class="tabs" role="group" aria-label="Stream">
        ${["out", "err"].map((each) => html`<button aria-pressed=${each === stream} onClick=${() => setStream(each)}>${each}</button>`)}
      </span>
      <span class="dim">${told.size > 0 && bytes(told.size)}</span>
      <span class="grow"></span>
      <label class="check"><input type="checkbox" checked=${told.following} onChange=${follows} /> follow</label>
      <button onClick=${() => attemptTo(() => download({ word, attempt, stream }))}>Download</button>
    </header>
    ${told.before > 0 && html`<p class="dim cut">${bytes(told.before)} before this are in the download.</p>`}
    ${told.problem && html`<p class="trouble" role="alert">${told.problem.message}<small>${told.problem.hint}</small></p>`}
    <pre class="paper" ref=${box} tabindex="0" aria-label=${`Output, stream ${stream}`} data-empty=${running ? "Nothing written yet." : "Nothing was written."}></pre>
  </article>`;
}

/** All of it, a part at a time. */
async function download({ word, attempt, stream }) {
  const parts = [];
  for (let [offset, size] = [0, 1]; offset < size; ) {
    const answer = await ask(at(`/api/tasks/${word}/log`, { stream, attempt, offset: String(offset) }));
    [offset, size] = ["paceline-next", "paceline-size"].map((name) => Number(answer.headers.get(name)));
    const part = await answer.blob();
    if (!part.size) break;
    parts.push(part);
  }
  saveAs(new Blob(parts), `${word}-${attempt}.${stream}.txt`);
}

/** The end of what there is, then what comes. Returns a function that stops. */
function read({ word, attempt, stream, written }) {
  let stop = () => {};
  const goOn = (offset) => {
    stop = follow(at(`/api/tasks/${word}/log/live`, { stream, attempt, offset }), {
      each: (event, data) => event === "log" && written.take(JSON.parse(data)),
      state: (state, problem) => (problem || state === "live") && written.tell({ problem }),
    });
  };
  const begin = new Again(async (signal) => {
    const found = await last({ word, attempt, stream }, signal).catch((problem) => ({ problem }));
    if (signal.aborted) return null;
    if (found.problem) return written.tell({ problem: found.problem }), found.problem;
    written.begin(found);
    goOn(found.next);
    return null;
  });
  begin.want();
  return () => (begin.close(), stop());
}

/** The end of what is written so far: from which byte to which, of how many. */
async function last({ word, attempt, stream }, signal) {
  const answer = await ask(at(`/api/tasks/${word}/log`, { stream, attempt, tail: TAIL }), { signal });
  const [start, next, size] = ["start", "next", "size"].map((name) => Number(answer.headers.get(`paceline-${name}`) ?? 0));
  return { start, next, size, text: await answer.text(), problem: null };
}

/** The page's end of it: written once a frame, cut at the top, scrolled along while somebody follows. */
class Paper {
  #pending = "";
  #kept = 0;
  #sticks = true;
  #frame = 0;

  constructor(box, tell) {
    Object.assign(this, { box, tell });
    box.replaceChildren();
    box.onscroll = () => this.#scrolled();
    tell({ before: 0, size: 0, problem: null, following: true });
  }

  begin({ start, size, text }) {
    this.tell({ before: start, size, problem: null });
    this.write(text);
  }

  take({ start, text }) {
    this.write(text);
    this.tell({ size: start + encoder.encode(text).length, problem: null });
  }

  write(text) {
    this.#pending += text;
    this.#frame ||= requestAnimationFrame(() => this.#put());
  }

  stick(wanted) {
    this.#sticks = wanted;
    this.tell({ following: wanted });
    if (wanted) this.box.scrollTop = this.box.scrollHeight;
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.box.onscroll = null;
    this.tell = () => {};
  }

  #put() {
    this.#frame = 0;
    const text = overwritten(this.#pending.replace(ESCAPES, "").slice(-MOST));
    this.#pending = "";
    if (!text) return;
    this.box.append(document.createTextNode(text));
    this.#kept += text.length;
    while (this.#kept > MOST && this.box.childNodes.length > 1) {
      this.#kept -= this.box.firstChild.length;
      this.box.firstChild.remove();
    }
    if (this.#sticks) this.box.scrollTop = this.box.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    const end = scrollTop + clientHeight > scrollHeight - NEAR;
    if (end === this.#sticks) return;
    this.#sticks = end;
    this.tell({ following: end });
  }
}

/** Of a line that a progress bar wrote over and over, what stood there last. */
const overwritten = (text) => text.replace(/\r+\n/g, "\n").replace(/[^\n]*\r(?=[^\n])/g, "");
