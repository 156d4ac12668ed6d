// Numbers in words; `mnist_lessons/_words.py` tells them in the same way.

/** A digit, 0 to 9, with its article. */
export const a = (digit) => (digit === 8 ? `an ${digit}` : `a ${digit}`);

/** The whole number nearest to a positive one; of two, the even one, as Python rounds. */
const rounded = (value) => {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
};

/**
 * A probability, 0 to 1, in percent, with some places after the point; what is rounded to all or
 * nothing is not said to be.
 */
export const percent = (share, places = 1) => {
  const parts = 10 ** places;
  const whole = rounded(100 * parts * share);
  if (whole >= 100 * parts) return `> ${(100 - 1 / parts).toFixed(places)}%`;
  if (whole <= 0) return `< ${(1 / parts).toFixed(places)}%`;
  return `${(whole / parts).toFixed(places)}%`;
};
