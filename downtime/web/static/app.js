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
      timer = setTimeout(function () {
        document.dispatchEvent(new Event("lock"));
        location.assign("/locked");
      }, idle * 1000);
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

  // A key of the page works everywhere as it does in the browsers that know `accesskey` of Alt.
  document.addEventListener("keydown", function (event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    var letter = /^Key([A-Z])$/.exec(event.code);
    var target = letter && document.querySelector("[accesskey=" + letter[1].toLowerCase() + "]");
    if (!target) return;
    event.preventDefault();
    target.click();
  });

  // Keying: what the paper does not say, one more row, and the place of a field on its scan.
  var keying = document.querySelector("form.keying");
  if (keying) {
    var ABSENT = { KeyW: "?not-written", KeyI: "?illegible" };
    var WORDS = { "?not-written": "Not written on the paper", "?illegible": "Illegible" };

    var fieldsAfter = function (field) {
      var all = Array.prototype.filter.call(keying.elements, function (one) {
        return one.type !== "hidden" && one.offsetParent;
      });
      return all[all.indexOf(field) + 1];
    };

    document.addEventListener("keydown", function (event) {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      var field = document.activeElement;
      if (event.code === "KeyR") {
        event.preventDefault();
        var group = field.closest("[data-rows]") || keying.querySelector("[data-rows]");
        if (group) oneMore(group, true);
        return;
      }
      var answer = ABSENT[event.code];
      if (!answer || !keying.contains(field) || field.readOnly || field.disabled) return;
      if (!field.matches("input[type=text], textarea, select")) return;
      event.preventDefault();
      field.value = field.tagName === "SELECT" ? answer : WORDS[answer];
      field.dispatchEvent(new Event("change", { bubbles: true }));
      var next = fieldsAfter(field);
      if (next) next.focus();
    });

    // Of a table, the rows that are filled and two more are shown; another comes when something is
    // keyed in the last, never by passing through it: who tabs on leaves the table.
    var isFilled = function (row) {
      return Array.prototype.some.call(row.querySelectorAll("input, select, textarea"), function (one) {
        return one.type === "checkbox" ? one.checked : one.value !== "";
      });
    };
    var oneMore = function (group, focus) {
      var row = group.querySelector("tbody tr[hidden]");
      if (!row) return;
      row.hidden = false;
      if (focus) row.querySelector("input, select, textarea").focus();
    };
    keying.querySelectorAll("[data-rows]").forEach(function (group) {
      var rows = Array.prototype.slice.call(group.querySelectorAll("tbody tr"));
      var last = -1;
      rows.forEach(function (row, place) { if (isFilled(row)) last = place; });
      rows.slice(last + 3).forEach(function (row) { row.hidden = true; });
      ["input", "change"].forEach(function (name) {
        group.addEventListener(name, function (event) {
          var shown = rows.filter(function (row) { return !row.hidden; });
          if (shown[shown.length - 1].contains(event.target)) oneMore(group, false);
        });
      });
    });

    var paper = document.querySelector(".paper");
    if (paper) {
      var spots = JSON.parse(paper.dataset.spots);
      var frame = document.createElement("div");
      frame.className = "spot";
      keying.addEventListener("focusin", function (event) {
        var name = (event.target.name || "").replace(/^choice:/, "");
        var spot = spots[name];
        var sheet = spot && paper.querySelector("[data-page='" + spot[0] + "']");
        if (!sheet) return;
        frame.style.left = spot[1] * 100 + "%";
        frame.style.top = spot[2] * 100 + "%";
        frame.style.width = spot[3] * 100 + "%";
        frame.style.height = spot[4] * 100 + "%";
        sheet.appendChild(frame);
        var middle = sheet.offsetTop + spot[2] * sheet.offsetHeight;
        paper.scrollTop = middle - paper.clientHeight / 3;
      });
    }
  }

  // A list of many lines is ticked in one go; each line can be taken out again.
  document.querySelectorAll("th[data-tick-all]").forEach(function (head) {
    var all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", "Tick all that are shown");
    all.title = "Tick all that are shown";
    all.addEventListener("change", function () {
      head.closest("table").querySelectorAll("td:first-child > input[type=checkbox]").forEach(function (one) {
        one.checked = all.checked;
      });
    });
    head.replaceChildren(all);
  });

  var first = document.querySelector(".nhsuk-error-summary, [data-focus]");
  if (!first && keying) {
    first = Array.prototype.find.call(keying.elements, function (one) {
      return one.type !== "hidden" && one.offsetParent && !one.readOnly && !one.disabled
        && one.matches("input, select, textarea");
    });
  }
  if (first) first.focus();

  // What was typed is still there when one goes back to the page before.
  var back = document.querySelector("[data-back]");
  if (back && history.length > 1) {
    back.hidden = false;
    back.addEventListener("click", function () { history.back(); });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-print]");
    if (button) window.print();
  });
})();
