// Published networks, their weights and their errors, from the files beside the page.

import { SIZE } from "./framing.js";
import { unpack } from "./inference.js";

const FOLDER = new URL("../../draw/", import.meta.url);

const load = async (name) => {
  const response = await fetch(new URL(name, FOLDER));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
};

const unzipped = async (name) => {
  const stream = (await load(name)).body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
};

/** Images of SIZE * SIZE pixels from a file, 0 to 255. */
export const loadTiles = async (name) => {
  const images = await unzipped(name);
  const area = SIZE * SIZE;
  const count = images.byteLength / area;
  return Array.from({ length: count }, (_, i) => new Uint8Array(images, i * area, area));
};

/**
 * The networks with these keys, LESSON/NETWORK, as `networks.json` describes them, with weights.
 * The lightest comes first; `loaded` is called with all that are there, in the order of the keys.
 */
export const loadNetworks = async (keys, loaded = () => {}) => {
  const { networks } = await (await load("networks.json")).json();
  const chosen = keys.map((key) => networks.find((network) => network.key === key));
  for (const network of [...chosen].sort((one, other) => one.size - other.size)) {
    unpack([network], await unzipped(`${network.key}.weights.bin`));
    network.isReady = true;
    loaded(chosen.filter(({ isReady }) => isReady));
  }
  return chosen;
};
