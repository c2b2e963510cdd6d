/* What a narrow or zoomed screen needs: no column is cut, no date or dose is broken. Without this script a table
   that is too wide can be moved sideways. */
(function () {
  "use strict";

  var UNBROKEN = /\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}-\d\d-\d\d-\d+|\d{3} \d{3} \d{4}|[0-9A-Z]{2}-[0-9A-Z]{6}(-[0-9A-Z]{1,3})+|\d[\d.,]*\s(micrograms|mg|g|mL|ml|mmol\/L|mmol\/mol|g\/L|mg\/L|units?|tablets?|capsules?|puffs?|drops?|litres?|L|kg|%|min|h)(?![A-Za-z])/g;
  var LEFT_ALONE = "script, style, textarea, select, svg, pre, .nowrap";

  function keepTogether(root) {
    var walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    var texts = [];
    while (walker.nextNode()) {
      var node = walker.currentNode;
      UNBROKEN.lastIndex = 0;
      if (UNBROKEN.test(node.data) && !node.parentElement.closest(LEFT_ALONE)) texts.push(node);
    }
    texts.forEach(function (text) {
      var parts = document.createDocumentFragment();
      var from = 0;
      text.data.replace(UNBROKEN, function (found) {
        var at = arguments[arguments.length - 2];
        var span = document.createElement("span");
        span.className = "nowrap";
        span.textContent = found;
        parts.append(text.data.slice(from, at), span);
        from = at + found.length;
      });
      parts.append(text.data.slice(from));
      text.replaceWith(parts);
    });
  }

  function listTitles(table) {
    var titles = [];
    var heads = table.querySelectorAll("thead tr:not(.print-only)");
    var head = heads[heads.length - 1];
    if (!head) return titles;
    Array.prototype.forEach.call(head.cells, function (cell) {
      var isHidden = !cell.textContent.trim() || cell.querySelector("input, .nhsuk-u-visually-hidden:only-child");
      for (var n = 0; n < cell.colSpan; n += 1) titles.push(isHidden ? "" : cell.textContent.trim());
    });
    return titles;
  }

  var ROLES = { THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

  function setRoles(table) {
    table.setAttribute("role", "table");
    table.querySelectorAll("thead, tbody, tfoot, tr, td, th").forEach(function (part) {
      var isRowHead = part.tagName === "TH" && /^row/.test(part.scope);
      part.setAttribute("role", ROLES[part.tagName] || (isRowHead ? "rowheader" : "columnheader"));
    });
  }

  function labelCells(table) {
    var titles = listTitles(table);
    table.querySelectorAll("tbody tr, tfoot tr").forEach(function (row) {
      var column = 0;
      Array.prototype.forEach.call(row.cells, function (cell) {
        var isBlank = !cell.textContent.trim() && !cell.querySelector("input, select, textarea, button, svg, img");
        cell.classList.toggle("is-blank", isBlank);
        if (cell.colSpan === 1 && titles[column]) cell.dataset.title = titles[column];
        column += cell.colSpan;
      });
    });
    setRoles(table);
  }

  // A table that is wider than its place is shown row by row, each value beside the title of its column.
  function fitTables() {
    var wraps = Array.prototype.filter.call(document.querySelectorAll(".table-wrap"), function (wrap) {
      var table = wrap.querySelector("table.dense");
      if (table) table.classList.remove("by-row");
      return table && table.querySelector("thead") && !table.querySelector("[rowspan]");
    });
    wraps.filter(function (wrap) {
      return wrap.scrollWidth > wrap.clientWidth + 1;
    }).forEach(function (wrap) {
      var table = wrap.querySelector("table.dense");
      labelCells(table);
      table.classList.add("by-row");
    });
  }

  // The menu, which goes sideways then, shows where one is.
  function showCurrent() {
    document.querySelectorAll(".nav [aria-current]").forEach(function (item) {
      item.parentElement.scrollLeft = item.offsetLeft - item.parentElement.clientWidth / 3;
    });
  }

  function arrange(root) {
    keepTogether(root);
    fitTables();
  }

  showCurrent();
  arrange(document.body);
  window.addEventListener("resize", function () {
    showCurrent();
    fitTables();
  });
  document.addEventListener("htmx:afterSwap", function (event) { arrange(event.target); });
})();
