// What the hidden layers of a network make of a drawing, as grey images.

import { paintTiles } from "./painting.js";

const ACROSS = { conv: 16, linear: 25 }; // tiles in a row, where all are shown
const UNIT = 9; // pixels of a side of a unit's tile

/** The convolutions of a network; its hidden linear layers where it has none. */
export const hidden = ({ layers }) => {
  const convolutions = layers.filter(({ kind }) => kind === "conv");
  if (convolutions.length) return convolutions;
  return layers.filter(({ kind }, n) => kind === "linear" && n < layers.length - 1);
};

// The units of a linear layer become small squares.
const tilesOf = ({ shape, out }) => {
  if (shape.length > 1) return [shape, out];
  const values = [...out].flatMap((value) => Array(UNIT * UNIT).fill(value));
  return [[...shape, UNIT, UNIT], values];
};

/** Show the latest output of a layer, with so many tiles in a row, or else as a square of them. */
export const paintLayer = (canvas, layer, across = 0) => {
  const [shape, values] = tilesOf(layer);
  const columns = across || Math.ceil(Math.sqrt(shape[0]));
  paintTiles(canvas, shape, values, Math.max(...values) || 1, columns);
};

const told = ({ shape: [count, h, w], out }, n) => {
  if (h) return `Convolution ${n + 1} makes ${count} maps of ${h} by ${w} of it.`;
  const silent = out.filter((value) => value <= 0).length;
  return `Hidden layer ${n + 1}: a square for each of its ${count} units. ${silent} of them, black, answer 0; white is the highest answer.`;
};

const figureOf = () => {
  const figure = document.createElement("figure");
  figure.className = "draw-maps";
  figure.innerHTML = '<canvas role="img"></canvas><figcaption></figcaption>';
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
    details.querySelectorAll("figure").forEach(({ firstChild: canvas, lastChild: caption }, n) => {
      paintLayer(canvas, layers[n], ACROSS[layers[n].kind]);
      caption.textContent = told(layers[n], n);
      canvas.setAttribute("aria-label", caption.textContent);
    });
  };
  details.addEventListener("toggle", () => show(last));
  return show;
};
