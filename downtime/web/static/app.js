/* Scanner bursts, the idle lock, and a focus on what went wrong. Every page works without this. */
(function () {
  "use strict";

  // A scanner is a keyboard that types fast and ends with Enter. What it reads goes to the search
  // box; a field that it typed into gets its own text back. Inside a field only what looks like a
  // number of a patient or of a form is taken for a scan, so that fast typing stays typing.
  var FAST = 50;
  var SHORTEST = 6;
  var CODE = /^(\d{10}|[A-HJ-NP-Z2-9]{2}\d{6}[0-9A-Z](\d{2}[AB][0-9A-Z])?)$/i;
  var burst = "";
  var last = 0;
  var field = null;
  var before = "";

  function isScan(target) {
    return "value" in target ? CODE.test(burst) : burst.length >= SHORTEST;
  }

  document.addEventListener("keydown", function (event) {
    var form = document.querySelector("form[data-scan]");
    var target = event.target;
    if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
    if (form.contains(target) || "takesScans" in target.dataset) return;
    if (event.key === "Enter") {
      if (event.timeStamp - last < FAST && isScan(target)) {
        event.preventDefault();
        if (field && field.isConnected && "value" in field) field.value = before;
        form.querySelector("input[name=text]").value = burst;
        form.requestSubmit();
      }
      burst = "";
      return;
    }
    if (event.key.length !== 1) return;
    if (event.timeStamp - last > FAST || target !== field) {
      burst = "";
      field = target;
      before = "value" in target ? target.value : "";
    }
    burst += event.key;
    last = event.timeStamp;
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

  // What was typed before the page could search is searched now.
  window.addEventListener("load", function () {
    var typed = document.querySelector("input[hx-trigger]");
    if (typed && typed.value !== typed.defaultValue) {
      typed.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  var first = document.querySelector(".nhsuk-error-summary, [data-focus]");
  if (first) first.focus();

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-print]");
    if (button) window.print();
  });
})();
