// The table of doubts: what each network reads, and how sure it is of each digit.

import { percent } from "../words.js";

/** @returns a function that shows a reading of a network, or none. */
export const makeDoubts = (root, key) => {
  const mine = (name) =>
    [...root.querySelectorAll(`[data-${name}]`)].filter((one) => one.dataset[name] === key);
  const [answer] = mine("answer");
  const cells = mine("doubt");
  return (reading) => {
    const doubts = reading?.probabilities;
    const best = doubts ? doubts.indexOf(Math.max(...doubts)) : -1;
    answer.textContent = doubts ? `${best}${reading.sure ? "" : "?"}` : "?";
    answer.classList.toggle("draw-unsure", doubts ? !reading.sure : false);
    cells.forEach((cell, digit) => {
      cell.style.setProperty("--share", doubts ? doubts[digit] : 0);
      cell.classList.toggle("draw-best", digit === best);
      cell.lastElementChild.textContent = doubts ? percent(doubts[digit], 0) : "";
    });
  };
};
