// Of the cells and of the images, one can be reached with Tab, the others with the arrow keys.

/** Let Tab reach this button alone of its group. */
export const rove = (target) => {
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

/** Follow the arrow keys among the buttons of a group; those that are hidden are left out. */
export const move = (event) => {
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
