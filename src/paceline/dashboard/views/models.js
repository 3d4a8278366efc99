// The catalogue: what was trained, how good it is, and what it is for.
import { html, useEffect, useMemo, useState } from "../lib/html.js";
import { at } from "../lib/api.js";
import { ago, bytes, exact, measure } from "../lib/format.js";
import { models, now } from "../lib/fleet.js";
import { Paged } from "../lib/pages.js";
import { ask, route, to } from "../lib/route.js";
import { Filter } from "../parts/filter.js";
import { Trouble } from "../parts/read.js";
import { Table } from "../parts/table.js";

const PAGE = 100;

const COLUMNS = [
  { label: "Name", width: "minmax(120px, 2fr)", cell: (model) => html`<a href=${to("models", model.key)} title=${model.key}>${model.name}</a>` },
  { label: "Kind", width: "minmax(80px, 1fr)", wide: true, cell: (model) => model.kind.replaceAll("_", " ") },
  { label: "Task", width: "minmax(80px, 1fr)", wide: true, cell: (model) => model.task },
  { label: "Score", width: "minmax(96px, 1.2fr)", cell: (model) => html`<span class="dim">${model.metric}</span> ${measure(model.metrics[model.metric])}` },
  { label: "Tags", width: "minmax(64px, 1fr)", wide: true, cell: (model) => model.tags.map((tag) => html`<span class="chip">${tag}</span>`) },
  { label: "Made by", width: "96px", wide: true, cell: (model) => html`<a href=${to("tasks", model.attempt.split("#")[0])}>${model.attempt}</a>` },
  { label: "Size", width: "80px", end: true, wide: true, cell: (model) => bytes(model.bytes) },
  { label: "Age", width: "88px", end: true, cell: (model) => html`<time title=${exact(model.created_at)}>${ago(model.created_at, now.value)}</time>` },
];

export function Models() {
  const text = route.value.query.get("text") ?? "";
  const [, draw] = useState(0);
  const found = useMemo(() => new Paged((after) => at("/api/models", { text, after, limit: PAGE }), () => draw((count) => count + 1)), [text]);
  useEffect(() => () => found.close(), [found]);
  useEffect(() => found.changed(), [found, models.value]);
  return html`<section class="page full">
    <header class="tools">
      <h1>Models</h1>
      <${Filter} value=${text} label="Key, name, card" change=${(typed) => ask({ text: typed })} />
    </header>
    <${Trouble} problem=${found.problem} />
    <${Table} key=${text} label="Models" name="models" columns=${COLUMNS} count=${found.count} row=${(position) => found.row(position)}
      link=${(model) => to("models", model.key)} seen=${(first, last) => found.look(first, last)}
      empty=${text ? "No model is like that." : html`No models yet. A training leaves one: <code>paceline run --kind train --param data=iris.csv</code>`} />
  </section>`;
}
