// Makes the static lists of mistakes a browser: one network at a time, filters, a closer look.

import { percent } from "./words.js";

/** Make a list a browser, where `root` has a section for each network. */
export const start = (root) => {
  const sections = [...root.querySelectorAll(".errors-network")];
  const address = new URL("errors.json", document.baseURI);
  let section = sections[0];
  let shown = [];
  let data = null;
  let started = false;

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const button = (text, attributes = {}) =>
    make("button", { type: "button", class: "errors-button", ...attributes }, text);
  const items = () => [...section.querySelectorAll(".errors-list > li")];

  // Filters.

  const digits = ["any", ..."0123456789"];
  const choice = (text) => {
    const select = make("select", {}, ...digits.map((digit) => make("option", {}, digit)));
    return [make("label", {}, `${text} `, select), select];
  };
  const [trueLabel, trueDigit] = choice("True digit");
  const [readLabel, readDigit] = choice("Read as");
  const all = button("Show all");
  const status = make("p", { class: "errors-count", role: "status" });
  const hint = make(
    "p",
    { class: "errors-hint" },
    "Choose a cell of the matrix to see its mistakes, and an image to see the doubts of the " +
      "network. In the matrix and in the list, the arrow keys move.",
  );
  const filters = make(
    "div",
    { class: "errors-filters" },
    make(
      "div",
      { class: "errors-selects", role: "group", "aria-label": "Filter" },
      trueLabel,
      readLabel,
      all,
    ),
    status,
    hint,
  );

  const wanted = (pair) =>
    (trueDigit.value === "any" || pair[0] === trueDigit.value) &&
    (readDigit.value === "any" || pair[1] === readDigit.value);

  const told = () => {
    const [real, read] = [trueDigit.value, readDigit.value];
    if (real !== "any" && read !== "any") return `: ${real} read as ${read}`;
    if (real !== "any") return `: a true ${real} read as another digit`;
    return read !== "any" ? `: another digit read as ${read}` : "";
  };

  // The address names what is shown, so that it can be sent, and found again with Back.
  const remember = () => {
    const pair = [trueDigit.value, readDigit.value];
    const filters = pair.every((digit) => digit === "any") ? [] : pair;
    const place = [`#errors-${section.dataset.network}`, ...filters].join(":");
    history.replaceState(history.state, "", place);
  };

  const filter = () => {
    shown = [];
    for (const item of items()) {
      item.hidden = !wanted(item.dataset.pair);
      if (!item.hidden) shown.push(item.firstElementChild);
    }
    const whole = section.querySelectorAll(".errors-list > li").length;
    status.textContent = `${shown.length} of ${whole} mistakes${told()}`;
    for (const cell of section.querySelectorAll(".errors-matrix button")) {
      const [real, read] = cell.parentElement.dataset.pair;
      const pressed = trueDigit.value === real && readDigit.value === read;
      cell.setAttribute("aria-pressed", String(pressed));
    }
    rove(shown[0]);
    if (started) remember();
  };

  const choose = (real, read) => {
    [trueDigit.value, readDigit.value] = [real, read];
    filter();
  };

  // Of the cells and of the images, one can be reached with Tab, the others with the arrow keys.

  const rove = (target) => {
    if (!target) return;
    const group = target.closest(".errors-matrix, .errors-list");
    for (const other of group.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    target.tabIndex = 0;
  };

  const below = (all, from, direction) => {
    const here = from.getBoundingClientRect();
    const rows = all.filter((one) => {
      const there = one.getBoundingClientRect();
      return Math.abs(there.left - here.left) < 2 && (there.top - here.top) * direction > 2;
    });
    return direction > 0 ? rows[0] : rows.at(-1);
  };

  const neighbour = (all, from, key) => {
    const place = all.indexOf(from);
    if (key === "ArrowRight") return all[place + 1];
    if (key === "ArrowLeft") return all[place - 1];
    if (key === "ArrowDown") return below(all, from, 1);
    if (key === "ArrowUp") return below(all, from, -1);
    if (key === "Home") return all[0];
    return key === "End" ? all.at(-1) : undefined;
  };

  const move = (event) => {
    const from = event.target.closest("button");
    if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...event.currentTarget.querySelectorAll("button")];
    const target = neighbour(
      all.filter((one) => !one.closest("[hidden]")),
      from,
      event.key,
    );
    if (!target) return;
    event.preventDefault();
    rove(target);
    target.focus();
  };

  // The closer look.

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

  const load = async () => {
    if (!data) {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.statusText);
      data = await answer.json();
    }
    return data.networks[section.dataset.network];
  };

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

  const doubts = (mistake) => {
    const [, row, real, read, chances] = mistake;
    about.textContent = `Test image ${row}, ${shown.indexOf(current) + 1} of ${shown.length} in the list`;
    const names = ["digit", "probability", "in numbers", "note"];
    const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
    bars.replaceChildren(
      make(
        "table",
        { class: "errors-doubts" },
        make("caption", {}, "What the network believes"),
        make("thead", {}, head),
        make("tbody", {}, ...chances.map((chance, digit) => bar(digit, chance, real, read))),
      ),
    );
  };

  const look = (image) => {
    current = image;
    rove(image);
    heading.textContent = image.textContent;
    picture.replaceChildren(image.querySelector("svg").cloneNode(true));
    // Not `disabled`: that would take the focus from the button that was just pressed.
    previous.ariaDisabled = image === shown[0];
    next.ariaDisabled = image === shown.at(-1);
    load().then(
      (mistakes) => current === image && doubts(mistakes[items().indexOf(image.parentElement)]),
      () => {
        bars.replaceChildren(make("p", {}, "The doubts of this network could not be loaded."));
      },
    );
    if (!dialog.open) dialog.showModal();
  };

  const step = (by) => {
    const target = shown[shown.indexOf(current) + by];
    if (target) look(target);
  };

  // Wiring: all listeners but one are on elements of this page, and go with them.

  for (const network of sections) {
    for (const item of network.querySelectorAll(".errors-list > li")) {
      const image = button("", { class: "errors-open", tabindex: "-1" });
      image.append(...item.childNodes);
      item.append(image);
    }
    for (const cell of network.querySelectorAll(".errors-matrix [data-pair]")) {
      const [real, read] = cell.dataset.pair;
      const label = `${cell.textContent}: ${real} read as ${read}`;
      const attributes = { class: "", "aria-label": label, tabindex: "-1" };
      cell.replaceChildren(button(cell.textContent, attributes));
    }
    rove(network.querySelector(".errors-matrix button"));
    for (const group of network.querySelectorAll(".errors-matrix, .errors-list")) {
      group.addEventListener("keydown", move);
    }
  }

  const tabs = sections.map((network) =>
    button(network.dataset.title, { "aria-pressed": "false" }),
  );
  const show = (number) => {
    section = sections[number];
    sections.forEach((network, place) => {
      network.hidden = place !== number;
      tabs[place].setAttribute("aria-pressed", String(place === number));
    });
    section.querySelector("h3").before(filters);
    filter();
  };
  for (const [number, tab] of tabs.entries()) tab.addEventListener("click", () => show(number));
  root.prepend(
    make("div", { class: "errors-networks", role: "group", "aria-label": "Network" }, ...tabs),
  );
  root.append(dialog);

  root.addEventListener("click", (event) => {
    const image = event.target.closest(".errors-open");
    const cell = event.target.closest(".errors-matrix button");
    if (image) look(image);
    if (!cell) return;
    rove(cell);
    const again = cell.getAttribute("aria-pressed") === "true";
    choose(...(again ? ["any", "any"] : cell.parentElement.dataset.pair));
    status.scrollIntoView({ block: "nearest" });
  });
  trueDigit.addEventListener("change", filter);
  readDigit.addEventListener("change", filter);
  all.addEventListener("click", () => choose("any", "any"));
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => current?.focus());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  });

  const follow = () => {
    const [name, real = "any", read = "any"] = location.hash.slice(1).split(":");
    const number = sections.findIndex((network) => `errors-${network.dataset.network}` === name);
    if (number < 0) return false;
    const known = (digit) => (digits.includes(digit) ? digit : "any");
    [trueDigit.value, readDigit.value] = [known(real), known(read)];
    show(number);
    tabs[0].scrollIntoView();
    return true;
  };
  const listen = () => (root.isConnected ? follow() : removeEventListener("hashchange", listen));
  addEventListener("hashchange", listen);
  root.classList.add("is-ready");
  if (!follow()) show(0);
  started = true;
};
