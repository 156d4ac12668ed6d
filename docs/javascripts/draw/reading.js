// What a network reads, and how it is said.

import { percent } from "../words.js";
import { logits, softmax } from "./inference.js";

const PAUSE = 800; // ms: a screen reader must not be flooded
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
export const sentence = (reading, who = `The ${reading.name}`) => {
  const { probabilities, sure } = reading;
  const [first, second] = ranked(reading);
  if (!sure) return `${who} is not sure: perhaps ${first}, or ${second}.`;
  const share = percent(probabilities[first], 0).replace(">", "over");
  const hesitates = probabilities[second] >= HESITATES ? `; hesitates with ${second}` : "";
  return `${who} reads ${first}, ${share} sure${hesitates}.`;
};

/** @returns what says a sentence: to be seen at once, and aloud later, and then only the last. */
export const makeVoice = (words, live) => {
  let due = 0;
  return (text, isAloud = true) => {
    words.textContent = text;
    clearTimeout(due);
    if (!isAloud) return;
    due = setTimeout(() => {
      live.textContent = text;
    }, PAUSE);
  };
};
