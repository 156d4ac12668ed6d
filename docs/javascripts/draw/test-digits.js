// Test digits that a network reads wrong, one after the other.

import { a } from "../words.js";
import { loadTiles } from "./networks.js";

const noteOn = ({ name, digits, mistakes }, n) => {
  const of = mistakes > digits.length ? ` (the surest of ${mistakes})` : "";
  return `Error ${n + 1} of ${digits.length}${of} of the ${name}: it is ${a(digits[n])}.`;
};

/**
 * Let the buttons in `root` show the errors of their networks, which are fetched for the first.
 *
 * @param root the element with the buttons.
 * @param network finds the network with a key, if it is loaded.
 * @param show is called with the pixels of a digit, 0 to 255, and a note on it.
 * @param failed is called with why there is none.
 */
export const makeTestDigits = (root, network, show, failed) => {
  for (const button of root.querySelectorAll("[data-next]")) {
    const { next: key } = button.dataset;
    let tiles = null;
    let next = 0;
    button.addEventListener("click", async () => {
      const one = network(key);
      if (!one) return;
      try {
        tiles ??= await loadTiles(`${key}.errors.bin`);
      } catch (error) {
        failed(`The test digits could not be loaded (${error.message}).`);
        return;
      }
      const n = next++ % tiles.length;
      show(tiles[n], noteOn(one, n));
    });
  }
};
