// The published networks and their mistakes, from the files beside the page.

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

/** The networks as `networks.json` describes them, with weights, and `tiles` of their mistakes. */
export const loadNetworks = async () => {
  const [{ networks }, weights, images] = await Promise.all([
    load("networks.json").then((response) => response.json()),
    unzipped("weights.bin"),
    unzipped("digits.bin"),
  ]);
  unpack(networks, weights);
  let at = 0;
  for (const network of networks) {
    network.tiles = network.digits.map(
      () => new Uint8Array(images, at++ * SIZE * SIZE, SIZE * SIZE),
    );
  }
  return networks;
};
