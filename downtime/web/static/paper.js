/* A form's scan beside its fields: each field's part of the page, where the field in hand is, enlarge and turn.
   Without this script the pages stand there whole. */
(function () {
  "use strict";

  var paper = document.querySelector(".paper");
  if (!paper) return;
  var positions = JSON.parse(paper.dataset.positions);
  var keying = document.querySelector("form.keying");
  var CROP_SCALE = 0.6; // 120 dots to the inch: a hand can be read

  // A part of a page is cut from the one picture that is loaded anyhow.
  function addCrop(element, before, position) {
    var crop = document.createElement("span");
    var picture = paper.querySelector("[data-page='" + position[0] + "'] img");
    if (!picture) return;
    element.insertBefore(crop, before);
    var x = position[1], y = position[2], width = position[3], height = position[4];
    function show() {
      var pixels = width * picture.naturalWidth;
      crop.style.width = Math.round(pixels * CROP_SCALE) + "px";
      crop.style.aspectRatio = String(pixels / (height * picture.naturalHeight));
      crop.style.backgroundImage = "url(" + JSON.stringify(picture.src) + ")";
      crop.style.backgroundSize = 100 / width + "% " + 100 / height + "%";
      crop.style.backgroundPosition = 100 * x / (1 - width || 1) + "% " + 100 * y / (1 - height || 1) + "%";
      crop.className = "crop";
    }
    if (picture.complete && picture.naturalWidth) show();
    else picture.addEventListener("load", show);
  }

  document.querySelectorAll("[data-crop]").forEach(function (element) {
    addCrop(element, element.firstChild, JSON.parse(element.dataset.crop));
  });

  // A page that was fed askew and shows no code is turned by whoever looks at it.
  function turnPages() {
    paper.querySelectorAll(".sheet").forEach(function (sheet) {
      var turns = (Number(sheet.dataset.turns || 0) + 1) % 4;
      var picture = sheet.querySelector("img");
      var scale = turns % 2 ? picture.clientWidth / picture.clientHeight : 1;
      sheet.dataset.turns = turns;
      picture.style.transform = "rotate(" + turns * 90 + "deg) scale(" + scale + ")";
    });
  }

  document.addEventListener("keydown", function (event) {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.code === "KeyZ") paper.classList.toggle("enlarged");
    else if (event.code === "KeyT") turnPages();
    else if (event.code === "KeyE" && keying) {
      keying.querySelectorAll("[data-mark=empty]").forEach(function (field) { field.removeAttribute("tabindex"); });
    } else return;
    event.preventDefault();
  });

  if (!keying) return;
  var isCut = {};
  Array.prototype.forEach.call(keying.elements, function (field) {
    var position = positions[field.name];
    if (!position || isCut[field.name] || field.type === "hidden") return;
    isCut[field.name] = true;
    addCrop(field.parentNode, field, position);
  });

  var fieldBox = document.createElement("div");
  fieldBox.className = "field-box";
  function markField(field) {
    var name = (field.name || "").replace(/^choice:/, "");
    var position = positions[name];
    var sheet = position && paper.querySelector("[data-page='" + position[0] + "']");
    if (!sheet || Number(sheet.dataset.turns || 0)) return;
    fieldBox.style.left = position[1] * 100 + "%";
    fieldBox.style.top = position[2] * 100 + "%";
    fieldBox.style.width = position[3] * 100 + "%";
    fieldBox.style.height = position[4] * 100 + "%";
    sheet.appendChild(fieldBox);
    var fieldTop = sheet.offsetTop + position[2] * sheet.offsetHeight;
    paper.scrollTop = fieldTop - paper.clientHeight / 3;
  }
  keying.addEventListener("focusin", function (event) { markField(event.target); });
  markField(document.activeElement); // it had the focus before this script ran
})();
