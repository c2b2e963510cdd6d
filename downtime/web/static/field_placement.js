/* Draw fields on the picture of a page. Only the numbers in the table are saved; this fills them in. */
(function () {
  "use strict";

  var sheet = document.querySelector(".sheet");
  var table = document.querySelector(".placement tbody");
  if (!sheet || !table) return;
  var pageWidth = Number(sheet.dataset.width);
  var pageHeight = Number(sheet.dataset.height);
  var page = sheet.dataset.page;
  var drawing = null;

  function value(row, name) {
    return row.querySelector("[name=" + name + "]").value.trim().replace(",", ".");
  }

  function setValue(row, name, text) {
    row.querySelector("[name=" + name + "]").value = text;
  }

  function drawBoxes() {
    sheet.querySelectorAll(".field-box").forEach(function (fieldBox) { fieldBox.remove(); });
    table.querySelectorAll("tr").forEach(function (row) {
      var boxPage = value(row, "page") || "1";
      var x = parseFloat(value(row, "x"));
      var y = parseFloat(value(row, "y"));
      var width = parseFloat(value(row, "width"));
      var height = parseFloat(value(row, "height"));
      if ((boxPage !== page && boxPage !== "0") || !(width > 0 && height > 0) || isNaN(x) || isNaN(y)) return;
      var fieldBox = document.createElement("div");
      fieldBox.className = "field-box" + (row.classList.contains("chosen") ? " chosen" : "");
      fieldBox.textContent = value(row, "key");
      fieldBox.style.left = (100 * x) / pageWidth + "%";
      fieldBox.style.top = (100 * y) / pageHeight + "%";
      fieldBox.style.width = (100 * width) / pageWidth + "%";
      fieldBox.style.height = (100 * height) / pageHeight + "%";
      fieldBox.addEventListener("pointerdown", function (event) {
        event.stopPropagation();
        selectRow(row);
        row.querySelector("[name=key]").focus();
      });
      sheet.append(fieldBox);
    });
  }

  function selectRow(row) {
    table.querySelectorAll(".chosen").forEach(function (other) { other.classList.remove("chosen"); });
    if (row) row.classList.add("chosen");
    drawBoxes();
  }

  function findEmptyRow() {
    var rows = Array.from(table.querySelectorAll("tr"));
    var emptyRow = rows.find(function (row) {
      return !value(row, "key") && !value(row, "width");
    });
    if (emptyRow) return emptyRow;
    var newRow = rows[rows.length - 1].cloneNode(true);
    newRow.querySelectorAll("input").forEach(function (input) { input.value = ""; });
    newRow.classList.remove("chosen");
    table.append(newRow);
    return newRow;
  }

  function pagePosition(event) {
    var box = sheet.getBoundingClientRect();
    var x = ((event.clientX - box.left) / box.width) * pageWidth;
    var y = ((event.clientY - box.top) / box.height) * pageHeight;
    return [Math.min(Math.max(x, 0), pageWidth), Math.min(Math.max(y, 0), pageHeight)];
  }

  function round(number) {
    return String(Math.round(number * 2) / 2);
  }

  sheet.addEventListener("pointerdown", function (event) {
    if (event.button !== 0) return;
    event.preventDefault();
    var chosen = table.querySelector(".chosen");
    var isUnplaced = chosen && !value(chosen, "width");
    drawing = { from: pagePosition(event), row: isUnplaced ? chosen : findEmptyRow() };
    selectRow(drawing.row);
    sheet.setPointerCapture(event.pointerId);
  });

  sheet.addEventListener("pointermove", function (event) {
    if (!drawing) return;
    var to = pagePosition(event);
    setValue(drawing.row, "page", page);
    setValue(drawing.row, "x", round(Math.min(drawing.from[0], to[0])));
    setValue(drawing.row, "y", round(Math.min(drawing.from[1], to[1])));
    setValue(drawing.row, "width", round(Math.abs(drawing.from[0] - to[0])));
    setValue(drawing.row, "height", round(Math.abs(drawing.from[1] - to[1])));
    drawBoxes();
  });

  sheet.addEventListener("pointerup", function () {
    if (!drawing) return;
    drawing.row.querySelector("[name=key]").focus();
    drawing = null;
  });

  table.addEventListener("input", drawBoxes);
  table.addEventListener("focusin", function (event) { selectRow(event.target.closest("tr")); });
  drawBoxes();
})();
