// A click on a heading sorts its table; a second one turns the order round. Cells without a number come last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const number = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
      const rows = [...body.rows].map((row) => ({ row, text: value(row), number: number(value(row)) }));
      const numeric = rows.some((item) => item.number !== null);
      rows.sort((a, b) => {
        if (!numeric) return (down ? -1 : 1) * a.text.localeCompare(b.text, undefined, { numeric: true });
        if (a.number === null || b.number === null) return (a.number === null) - (b.number === null);
        return (down ? -1 : 1) * (a.number - b.number);
      });
      body.append(...rows.map((item) => item.row));
    });
  });
}
