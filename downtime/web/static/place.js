/* Draw places on a page's picture. The numbers in the table are what is kept; this only fills them. */
(function () {
  "use strict";

  var sheet = document.querySelector(".sheet");
  var table = document.querySelector(".place tbody");
  if (!sheet || !table) return;
  var wide = Number(sheet.dataset.width);
  var high = Number(sheet.dataset.height);
  var page = sheet.dataset.page;
  var drawing = null;

  function value(row, name) {
    return row.querySelector("[name=" + name + "]").value.trim().replace(",", ".");
  }

  function set(row, name, text) {
    row.querySelector("[name=" + name + "]").value = text;
  }

  function show() {
    sheet.querySelectorAll(".spot").forEach(function (spot) { spot.remove(); });
    table.querySelectorAll("tr").forEach(function (row) {
      var on = value(row, "page") || "1";
      var x = parseFloat(value(row, "x"));
      var y = parseFloat(value(row, "y"));
      var width = parseFloat(value(row, "width"));
      var height = parseFloat(value(row, "height"));
      if ((on !== page && on !== "0") || !(width > 0 && height > 0) || isNaN(x) || isNaN(y)) return;
      var spot = document.createElement("div");
      spot.className = "spot" + (row.classList.contains("chosen") ? " chosen" : "");
      spot.textContent = value(row, "key");
      spot.style.left = (100 * x) / wide + "%";
      spot.style.top = (100 * y) / high + "%";
      spot.style.width = (100 * width) / wide + "%";
      spot.style.height = (100 * height) / high + "%";
      spot.addEventListener("pointerdown", function (event) {
        event.stopPropagation();
        choose(row);
        row.querySelector("[name=key]").focus();
      });
      sheet.append(spot);
    });
  }

  function choose(row) {
    table.querySelectorAll(".chosen").forEach(function (other) { other.classList.remove("chosen"); });
    if (row) row.classList.add("chosen");
    show();
  }

  function empty() {
    var rows = Array.from(table.querySelectorAll("tr"));
    var free = rows.find(function (row) {
      return !value(row, "key") && !value(row, "width");
    });
    if (free) return free;
    var made = rows[rows.length - 1].cloneNode(true);
    made.querySelectorAll("input").forEach(function (input) { input.value = ""; });
    made.classList.remove("chosen");
    table.append(made);
    return made;
  }

  function point(event) {
    var box = sheet.getBoundingClientRect();
    var x = ((event.clientX - box.left) / box.width) * wide;
    var y = ((event.clientY - box.top) / box.height) * high;
    return [Math.min(Math.max(x, 0), wide), Math.min(Math.max(y, 0), high)];
  }

  function round(number) {
    return String(Math.round(number * 2) / 2);
  }

  sheet.addEventListener("pointerdown", function (event) {
    if (event.button !== 0) return;
    event.preventDefault();
    var chosen = table.querySelector(".chosen");
    var waiting = chosen && !value(chosen, "width");
    drawing = { from: point(event), row: waiting ? chosen : empty() };
    choose(drawing.row);
    sheet.setPointerCapture(event.pointerId);
  });

  sheet.addEventListener("pointermove", function (event) {
    if (!drawing) return;
    var to = point(event);
    set(drawing.row, "page", page);
    set(drawing.row, "x", round(Math.min(drawing.from[0], to[0])));
    set(drawing.row, "y", round(Math.min(drawing.from[1], to[1])));
    set(drawing.row, "width", round(Math.abs(drawing.from[0] - to[0])));
    set(drawing.row, "height", round(Math.abs(drawing.from[1] - to[1])));
    show();
  });

  sheet.addEventListener("pointerup", function () {
    if (!drawing) return;
    drawing.row.querySelector("[name=key]").focus();
    drawing = null;
  });

  table.addEventListener("input", show);
  table.addEventListener("focusin", function (event) { choose(event.target.closest("tr")); });
  show();
})();
