// Curves, drawn by uPlot, which is loaded when the first one is wanted.
import { html, useEffect, useRef } from "../lib/html.js";
import { reading } from "../lib/format.js";
import { colour, scheme } from "./screen.js";

export const COLOURS = ["#3b82f6", "#e8893a", "#22a06b", "#c050b8", "#d9b310", "#e5484d", "#12a5b8", "#8e6cf0", "#7a8b2a", "#b06f4f", "#5f7a95", "#d16b8a"];
const TALL = 220;

/** `data` as uPlot has it: [x, first, second …]. */
export function Chart({ label, data, names }) {
  const box = useRef(null);
  const plot = useRef(null);
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    let gone = false;
    const place = box.current;
    const observer = new ResizeObserver(() => plot.current?.setSize(sizeOf(place)));
    import("../vendor/uplot.js").then(({ default: UPlot }) => {
      if (gone) return;
      plot.current = new UPlot({ ...options(names, reading(label)), ...sizeOf(place) }, newest.current, place);
      observer.observe(place);
    });
    return () => {
      gone = true;
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names.join(), label, scheme.value]);
  useEffect(() => plot.current?.setData(data), [data]);
  const points = data[0].length;
  return html`<div class="plot" ref=${box} role="img" aria-label=${`${label} over ${points} steps`} data-points=${points}></div>`;
}

const sizeOf = (box) => ({ width: Math.max(120, box.clientWidth), height: TALL });

function options(names, written) {
  const axis = { stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const value = (_, number) => (number === null || number === undefined ? "" : written(number));
  return {
    scales: { x: { time: false } },
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: true, y: false } },
    axes: [{ ...axis, size: 26 }, { ...axis, size: 54, values: (_, ticks) => ticks.map(written) }],
    series: [
      { label: "step" },
      ...names.map((name, at) => ({ label: name, stroke: COLOURS[at % COLOURS.length], width: 1.6, spanGaps: true, points: { size: 4 }, value })),
    ],
  };
}
