// Makes the tables of results sortable by each of their columns.

/** Let a reader sort the tables of a page. */
export const start = (page) => {
  for (const table of page.querySelectorAll("table:has(.results-name)")) makeSortable(table);
};

const makeSortable = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  const compare = (one, other) =>
    typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });

  const sort = (column) => {
    const head = heads[column];
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const rows = [...body.rows];
    rows.sort((one, other) => direction * compare(key(one, column), key(other, column)));
    body.append(...rows);
  };

  heads.forEach((head, column) => {
    const name = head.querySelector(".results-name");
    const button = document.createElement("button");
    button.type = "button";
    button.append(...name.childNodes);
    name.append(button);
    button.addEventListener("click", () => sort(column));
  });
};
