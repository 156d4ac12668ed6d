// Starts what a page needs, also where the theme has put another page into the place of the last.

const PROGRAMS = {
  "[data-draw]": () => import("./draw/page.js"),
  "[data-home]": () => import("./home.js"),
  ".errors": () => import("./errors.js"),
  "a.word": () => import("./glossary.js"),
  ".md-content:has(.results-name)": () => import("./results.js"),
};

// The theme's observable of pages: https://squidfunk.github.io/mkdocs-material/customization/
document$.subscribe(() => {
  for (const [selector, load] of Object.entries(PROGRAMS)) {
    const root = document.querySelector(`${selector}:not([data-started])`);
    if (!root) continue;
    root.dataset.started = "";
    load().then(({ start }) => start(root));
  }
});
