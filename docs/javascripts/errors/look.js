// The closer look at a mistake: its image, large, and the doubts of the network.

import { percent } from "../words.js";
import { button, make } from "./elements.js";
import { rove } from "./roving.js";

const bar = (digit, chance, real, read) => {
  const mark = digit === real ? "true digit" : digit === read ? "read" : "";
  const line = make("span", { class: "errors-bar", "aria-hidden": "true" }, make("span"));
  line.firstChild.style.width = `${chance / 10}%`;
  return make(
    "tr",
    { class: digit === real ? "is-true" : digit === read ? "is-read" : "" },
    make("th", { scope: "row" }, String(digit)),
    make("td", {}, line),
    make("td", {}, percent(chance / 1000)),
    make("td", {}, mark),
  );
};

const tableOf = ([, , real, read, chances]) => {
  const names = ["digit", "probability", "in numbers", "note"];
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  return make(
    "table",
    { class: "errors-doubts" },
    make("caption", {}, "What the network believes"),
    make("thead", {}, head),
    make("tbody", {}, ...chances.map((chance, digit) => bar(digit, chance, real, read))),
  );
};

/**
 * A dialog for images of a list.
 *
 * @param list gives the images that are shown.
 * @param load promises what `errors.json` says of an image.
 * @returns the dialog, and what opens it with an image.
 */
export const makeLook = (list, load) => {
  const heading = make("h2", { id: "errors-look", "aria-live": "polite" });
  const picture = make("div", { class: "errors-picture" });
  const about = make("p", { class: "errors-about" });
  const bars = make("div", { class: "errors-bars" });
  const [previous, next, close] = ["Previous", "Next", "Close"].map((text) => button(text));
  const dialog = make(
    "dialog",
    { class: "errors-dialog", "aria-labelledby": "errors-look" },
    heading,
    make("div", { class: "errors-sides" }, make("div", {}, picture, about), bars),
    make("div", { class: "errors-actions" }, previous, next, close),
  );
  let current = null;

  const tell = (mistake) => {
    const shown = list();
    about.textContent = `Test image ${mistake[1]}, ${shown.indexOf(current) + 1} of ${shown.length} in the list`;
    bars.replaceChildren(tableOf(mistake));
  };
  const look = (image) => {
    current = image;
    rove(image);
    heading.textContent = image.textContent;
    picture.replaceChildren(image.querySelector("svg").cloneNode(true));
    // Not `disabled`: that would take the focus from the button that was just pressed.
    previous.ariaDisabled = image === list()[0];
    next.ariaDisabled = image === list().at(-1);
    load(image).then(
      (mistake) => current === image && tell(mistake),
      () => {
        bars.replaceChildren(make("p", {}, "The doubts of this network could not be loaded."));
      },
    );
    if (!dialog.open) dialog.showModal();
  };
  const step = (by) => {
    const target = list()[list().indexOf(current) + by];
    if (target) look(target);
  };

  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => current?.focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  });
  return { dialog, look };
};
