// One model: all that is said of it, its files, and its tags.
import { html, useRef, useState } from "../lib/html.js";
import { ask, patch, saveAs } from "../lib/api.js";
import { bytes, measure, moment } from "../lib/format.js";
import { mayAct, models } from "../lib/fleet.js";
import { to } from "../lib/route.js";
import { attempt } from "../parts/ask.js";
import { Facts } from "../parts/facts.js";
import { Trouble, useRead } from "../parts/read.js";

const LARGE = 1 << 30; // bytes above which a browser is not the tool

export function Model({ name }) {
  const [edits, setEdits] = useState(0);
  const read = useRead(`/api/models/${encodeURIComponent(name)}`, `${models.value} ${edits}`);
  const model = read.value;
  if (!model) return html`<section class="page"><${Trouble} problem=${read.problem} /></section>`;
  const change = async (body, done) => {
    await attempt(() => patch(`/api/models/${encodeURIComponent(model.key)}`, body), done);
    setEdits((count) => count + 1);
  };
  const { card } = model;
  return html`<section class="page">
    <header class="tools"><h1><span class="dim">Model</span> <span class="name">${model.name}</span></h1></header>
    <${Facts} facts=${[
      ["key", html`<code>${model.key}</code>`],
      ["kind", model.kind],
      ["task", model.task],
      ["made by", html`<a href=${to("tasks", model.attempt.split("#")[0])}>${model.attempt}</a>`],
      ["worker", model.worker],
      ["made", moment(model.created_at)],
      ["size", bytes(model.bytes)],
    ]} />
    <${Tags} tags=${model.tags} change=${change} />
    <div class="columns">
      <${Values} title="Metrics" values=${model.metrics} />
      <${Values} title="Parameters" values=${card.params} />
      <${Values} title="Data" values=${card.data} />
      <${Values} title="Versions" values=${card.versions} />
    </div>
    <${Files} model=${model} />
    <details class="card"><summary>Card</summary><pre class="paper short">${JSON.stringify(card, null, 2)}</pre></details>
  </section>`;
}

function Tags({ tags, change }) {
  const field = useRef(null);
  const add = (event) => {
    event.preventDefault();
    const tag = field.current.value.trim();
    field.current.value = "";
    if (tag) change({ tags_add: [tag] }, `tagged ${tag}`);
  };
  return html`<form class="tags" onSubmit=${add} aria-label="Tags">
    ${tags.map((tag) => html`<span class="chip" key=${tag}>${tag}${mayAct() && html`<button type="button" aria-label=${`Remove tag ${tag}`} onClick=${() => change({ tags_remove: [tag] }, `${tag} removed`)}>×</button>`}</span>`)}
    ${mayAct() && html`<input ref=${field} name="tag" aria-label="New tag" placeholder="add a tag" maxlength="50" /><button type="submit">Add</button>`}
  </form>`;
}

function Values({ title, values }) {
  const entries = Object.entries(values ?? {});
  if (!entries.length) return null;
  const said = (value) => (typeof value === "number" ? measure(value) : typeof value === "string" ? value : JSON.stringify(value));
  return html`<article class="card"><h2>${title}</h2><dl class="values">
    ${entries.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd title=${said(value)}>${said(value)}</dd></div>`)}
  </dl></article>`;
}

function Files({ model }) {
  const path = (file) => `/api/models/${encodeURIComponent(model.key)}/files/${file.name.split("/").map(encodeURIComponent).join("/")}`;
  const load = (file) => attempt(async () => saveAs(await (await ask(path(file))).blob(), file.name.split("/").at(-1)));
  return html`<article class="card"><h2>Files</h2>
    <div class="lines">${model.files.map((file) => html`<div class="line" key=${file.name}>
      <b class="name">${file.name}</b><code class="digest" title=${file.sha256}>${file.sha256}</code><span class="end">${bytes(file.bytes)}</span>
      ${file.bytes < LARGE && html`<button class="small" onClick=${() => load(file)} aria-label=${`Download ${file.name}`}>Download</button>`}
    </div>`)}</div>
    <p class="dim">All of it, checked: <code>paceline model get ${model.key}</code></p>
  </article>`;
}
