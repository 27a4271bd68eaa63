// What paper needs and a screen does not: all rows of a grid, charts as wide as the sheet, the address.
(function () {
  const made = [];

  function cell(kind, text, column) {
    const one = document.createElement(kind);
    one.textContent = text === null || text === undefined ? "" : text;
    if (column.getColDef().type === "rightAligned") one.className = "number";
    return one;
  }

  function row(columns, texts, kind) {
    const one = document.createElement("tr");
    columns.forEach((column, at) => one.append(cell(kind, texts[at], column)));
    return one;
  }

  // What the cell shows stands in the row, as the grid's own renderers read it.
  function said(api, node, column) {
    const field = column.getColDef().field;
    const written = node.data[field + "_said"];
    return written !== undefined ? written : api.getCellValue({ rowNode: node, colKey: column, useFormatter: true });
  }

  function asTable(grid) {
    const api = window.dash_ag_grid.getApi(grid.id);
    const columns = api.getAllDisplayedColumns();
    const table = document.createElement("table");
    const head = table.createTHead();
    head.append(row(columns, columns.map((one) => one.getColDef().headerName), "th"));
    const body = table.createTBody();
    api.forEachNodeAfterFilterAndSort((node) => {
      body.append(row(columns, columns.map((one) => said(api, node, one)), "td"));
    });
    const foot = table.createTFoot();
    for (let at = 0; at < api.getPinnedBottomRowCount(); at++) {
      const node = api.getPinnedBottomRow(at);
      foot.append(row(columns, columns.map((one) => said(api, node, one)), "td"));
    }
    return table;
  }

  function put(element, before) {
    before.parentNode.insertBefore(element, before);
    made.push(() => element.remove());
  }

  function begin() {
    finish();
    for (const grid of document.querySelectorAll(".grid")) {
      try {
        put(asTable(grid), grid);
      } catch (error) {
        grid.classList.add("is-empty"); // better the rows that show than none
        made.push(() => grid.classList.remove("is-empty"));
      }
    }
    for (const drawn of document.querySelectorAll(".chart svg.main-svg")) {
      if (!drawn.hasAttribute("viewBox")) {
        drawn.setAttribute("viewBox", "0 0 " + drawn.getAttribute("width") + " " + drawn.getAttribute("height"));
        made.push(() => drawn.removeAttribute("viewBox"));
      }
    }
    const top = document.querySelector(".top");
    if (top) {
      const address = document.createElement("p");
      address.className = "printed";
      address.textContent = window.location.href;
      top.append(address);
      made.push(() => address.remove());
    }
  }

  function finish() {
    while (made.length) made.pop()();
  }

  window.addEventListener("beforeprint", begin);
  window.addEventListener("afterprint", finish);
})();
