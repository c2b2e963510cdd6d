/* Scanner bursts, the idle lock, and a focus on what went wrong. Every page works without this. */
(function () {
  "use strict";

  // A scanner is a keyboard that types fast and ends with Enter; wherever the focus is, what it
  // read goes to the search box, and a field that it typed into gets its own text back.
  var FAST = 40;
  var SHORTEST = 6;
  var burst = "";
  var last = 0;
  var field = null;
  var before = "";

  document.addEventListener("keydown", function (event) {
    var form = document.querySelector("form[data-scan]");
    if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
    var target = event.target;
    var box = form.querySelector("input[name=text]");
    if (target === box) return;
    var now = event.timeStamp;
    if (event.key === "Enter") {
      if (burst.length >= SHORTEST && now - last < FAST) {
        event.preventDefault();
        if (field && field.isConnected && "value" in field) field.value = before;
        box.value = burst;
        form.requestSubmit();
      }
      burst = "";
      return;
    }
    if (event.key.length !== 1) return;
    if (now - last > FAST) {
      burst = "";
      field = target;
      before = "value" in target ? target.value : "";
    }
    burst += event.key;
    last = now;
  }, true);

  // The server locks an idle session; the screen must not keep showing what it showed before.
  var idle = Number(document.body.dataset.idleSeconds);
  if (idle) {
    var timer;
    var restart = function () {
      clearTimeout(timer);
      timer = setTimeout(function () { location.assign("/locked"); }, idle * 1000);
    };
    ["keydown", "pointerdown", "scroll"].forEach(function (name) {
      document.addEventListener(name, restart, { passive: true, capture: true });
    });
    restart();
  }

  // A page taken from the browser's memory may belong to somebody who has signed out.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  var first = document.querySelector(".nhsuk-error-summary, [data-focus]");
  if (first) first.focus();

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-print]");
    if (button) window.print();
  });
})();
