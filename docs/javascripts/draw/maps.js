// What the hidden layers of a network make of a drawing, as grey images.

import { paintTiles } from "./painting.js";

const ACROSS = 16; // maps in a row, where all are shown

/** The convolutions of a network; its hidden linear layers where it has none. */
export const hidden = ({ layers }) => {
  const convolutions = layers.filter(({ kind }) => kind === "conv");
  if (convolutions.length) return convolutions;
  return layers.filter(({ kind }, n) => kind === "linear" && n < layers.length - 1);
};

// The units of a linear layer become the pixels of one map.
const tilesOf = ({ shape, out }) => {
  if (shape.length > 1) return [shape, out];
  const columns = Math.ceil(Math.sqrt(shape[0]));
  const rows = Math.ceil(shape[0] / columns);
  const values = new Float32Array(rows * columns);
  values.set(out);
  return [[1, rows, columns], values];
};

/** Show the latest output of a layer, with so many maps in a row, or else as a square of them. */
export const paintLayer = (canvas, layer, across = 0) => {
  const [shape, values] = tilesOf(layer);
  const columns = across || Math.ceil(Math.sqrt(shape[0]));
  paintTiles(canvas, shape, values, Math.max(...values) || 1, columns);
};

const told = ({ shape }, n) =>
  shape.length > 1
    ? `Convolution ${n + 1} makes ${shape[0]} maps of ${shape[1]} by ${shape[2]} of it`
    : `Hidden layer ${n + 1} makes ${shape[0]} numbers of it`;

const figureOf = (layer, n) => {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  const caption = document.createElement("figcaption");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", told(layer, n));
  caption.textContent = `${told(layer, n)}.`;
  figure.className = "draw-maps";
  figure.append(canvas, caption);
  return figure;
};

/** @returns what shows all hidden layers of a network in `details`, while they are open. */
export const makeMaps = (details) => {
  let last = null; // the network
  let shown = null; // whose figures are there
  const show = (network) => {
    last = network;
    if (!details.open || !network) return;
    const layers = hidden(network);
    if (shown !== network) {
      details.replaceChildren(details.firstElementChild, ...layers.map(figureOf));
      shown = network;
    }
    details.querySelectorAll("canvas").forEach((canvas, n) => {
      paintLayer(canvas, layers[n], ACROSS);
    });
  };
  details.addEventListener("toggle", () => show(last));
  return show;
};
