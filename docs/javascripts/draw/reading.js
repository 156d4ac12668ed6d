// What a network reads, and how it is said.

import { percent } from "../words.js";
import { logits, softmax } from "./inference.js";

const HESITATES = 0.05; // the least probability of a second digit that is named

/** The digits, the most probable first. */
export const ranked = ({ probabilities }) =>
  [...probabilities.keys()].sort((one, other) => probabilities[other] - probabilities[one]);

/**
 * What a network makes of SIZE * SIZE pixels. A temperature softens its probabilities; it is `sure`
 * where the highest of them is as high as was found to be enough, and never of blank pixels.
 */
export const read = (network, pixels) => {
  const values = Array.from(logits(network, pixels));
  const probabilities = softmax(values.map((value) => value / network.temperature));
  const sure = pixels.some(Boolean) && Math.max(...probabilities) >= network.sure;
  return { name: network.name, logits: values, probabilities, sure };
};

/** A reading as a sentence. */
export const sentence = (reading) => {
  const { name, probabilities, sure } = reading;
  const [first, second] = ranked(reading);
  if (!sure) return `The ${name} is not sure: perhaps ${first}, or ${second}.`;
  const share = percent(probabilities[first], 0).replace(">", "over");
  const hesitates = probabilities[second] >= HESITATES ? `; hesitates with ${second}` : "";
  return `The ${name} reads ${first}, ${share} sure${hesitates}.`;
};
