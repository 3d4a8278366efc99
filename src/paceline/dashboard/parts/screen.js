// What screen this is shown on, and in which colours: canvases must know what style sheets know by themselves.
import { signal } from "../lib/html.js";

const small = matchMedia("(max-width: 720px)");
const dark = matchMedia("(prefers-color-scheme: dark)");

export const narrow = signal(small.matches);
/** Counts changes of the colour scheme. */
export const scheme = signal(0);
small.addEventListener("change", () => (narrow.value = small.matches));
dark.addEventListener("change", () => (colours.clear(), (scheme.value += 1)));

const colours = new Map();

/** A colour of the style sheet by its name. */
export function colour(name) {
  if (!colours.has(name)) colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return colours.get(name);
}

/** A canvas as sharp as the screen: its context, scaled to CSS pixels. */
export function sharp(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
