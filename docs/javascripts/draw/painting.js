// Grey images and lines on canvases.

/**
 * Show grey images (count, h, w) as tiles of one picture, a pixel apart; `top` and more is white.
 * The canvas becomes as large as they are.
 */
export const paintTiles = (canvas, [count, h, w], values, top, columns = 1) => {
  canvas.width = Math.min(columns, count) * (w + 1) - 1;
  canvas.height = Math.ceil(count / columns) * (h + 1) - 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < count * h * w; i++) {
    const tile = Math.floor(i / (h * w));
    const y = (Math.floor(i / w) % h) + Math.floor(tile / columns) * (h + 1);
    const at = 4 * (y * canvas.width + (tile % columns) * (w + 1) + (i % w));
    image.data.fill(Math.max(0, values[i] / top) * 255, at, at + 3);
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
};

/** Make a canvas, or what there is of it, as if nothing had been painted. */
export const wipe = (canvas) =>
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
