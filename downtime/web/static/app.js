/* The idle lock, shortcuts and focus. Every page works without this script. */
(function () {
  "use strict";

  // A page that answers what was sent takes the address of the form it came from: neither Back nor a refresh sends
  // anything again, and the browser has nothing to ask. What was typed and refused comes back there (typed.js).
  var SENT_FROM = "sent-from";
  if (document.body.dataset.answers) {
    var sentFrom = sessionStorage.getItem(SENT_FROM) || "/";
    var isOwn = document.body.dataset.answers === "page" && sentFrom.split("?")[0] !== location.pathname;
    history.replaceState(null, "", isOwn ? location.pathname : sentFrom);
  }
  window.addEventListener("submit", function (event) {
    if (event.defaultPrevented || event.target.method !== "post") return;
    sessionStorage.setItem(SENT_FROM, location.pathname + location.search);
  });

  // A box above a long table shows only the rows that have all its words.
  document.querySelectorAll("[data-filter]").forEach(function (box) {
    var groups = document.getElementById(box.dataset.filter).querySelectorAll("tbody");
    box.hidden = false;
    box.querySelector("input").addEventListener("input", function (event) {
      var words = event.target.value.toLowerCase().split(/\s+/);
      groups.forEach(function (group) {
        var rows = Array.prototype.slice.call(group.querySelectorAll("tr:not(.group)"));
        rows.forEach(function (row) {
          var text = row.textContent.toLowerCase();
          row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
        });
        group.hidden = rows.every(function (row) { return row.hidden; });
      });
    });
  });

  // The server locks an idle session; the screen must not go on showing patient data.
  var idleSeconds = Number(document.body.dataset.idleSeconds);
  if (idleSeconds) {
    var lockTimer;
    var restartTimer = function () {
      clearTimeout(lockTimer);
      lockTimer = setTimeout(function () {
        document.dispatchEvent(new Event("lock"));
        location.assign("/locked");
      }, idleSeconds * 1000);
    };
    ["keydown", "pointerdown", "scroll"].forEach(function (name) {
      document.addEventListener(name, restartTimer, { passive: true, capture: true });
    });
    restartTimer();
  }

  // A page from the browser's back-forward cache may belong to somebody who has signed out.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });

  // Search for what was typed before this script had loaded.
  window.addEventListener("load", function () {
    var searchInput = document.querySelector("input[hx-trigger]");
    if (searchInput && searchInput.value !== searchInput.defaultValue) {
      searchInput.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  // Alt and a letter presses the element with that `accesskey`, also in browsers that need other keys.
  document.addEventListener("keydown", function (event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    var letter = /^Key([A-Z])$/.exec(event.code);
    var target = letter && document.querySelector("[accesskey=" + letter[1].toLowerCase() + "]");
    if (!target) return;
    event.preventDefault();
    target.click();
  });

  // Keying: mark a field as absent on the paper, show one more row, show where a field is on its scan.
  var keying = document.querySelector("form.keying");
  if (keying) {
    var ABSENT = { KeyW: "?not-written", KeyI: "?illegible" };
    var ABSENT_TEXTS = { "?not-written": "Not written on the paper", "?illegible": "Illegible" };

    var findNextField = function (field) {
      var all = Array.prototype.filter.call(keying.elements, function (element) {
        return element.type !== "hidden" && element.offsetParent && element.tabIndex >= 0;
      });
      return all[all.indexOf(field) + 1];
    };

    document.addEventListener("keydown", function (event) {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      var field = document.activeElement;
      if (event.code === "KeyR") {
        event.preventDefault();
        var group = field.closest("[data-rows]") || keying.querySelector("[data-rows]");
        if (group) showNextRow(group, true);
        return;
      }
      var answer = ABSENT[event.code];
      if (!answer || !keying.contains(field) || field.readOnly || field.disabled) return;
      if (!field.matches("input[type=text], textarea, select")) return;
      event.preventDefault();
      field.value = field.tagName === "SELECT" ? answer : ABSENT_TEXTS[answer];
      field.dispatchEvent(new Event("change", { bubbles: true }));
      var next = findNextField(field);
      if (next) next.focus();
    });

    // A table shows its filled rows and two more. Another one appears when something is keyed in the
    // last, not when one tabs through it: Tab leaves the table.
    var isFilled = function (row) {
      return Array.prototype.some.call(row.querySelectorAll("input, select, textarea"), function (element) {
        if (element.dataset.mark && element.dataset.mark !== "empty") return true;
        return element.type === "checkbox" ? element.checked : element.value !== "";
      });
    };
    var showNextRow = function (group, focus) {
      var row = group.querySelector("tbody tr[hidden]");
      if (!row) return;
      row.hidden = false;
      if (focus) row.querySelector("input, select, textarea").focus();
    };
    keying.querySelectorAll("[data-rows]").forEach(function (group) {
      var rows = Array.prototype.slice.call(group.querySelectorAll("tbody tr"));
      var last = -1;
      rows.forEach(function (row, index) { if (isFilled(row)) last = index; });
      rows.slice(last + 3).forEach(function (row) { row.hidden = true; });
      ["input", "change"].forEach(function (name) {
        group.addEventListener(name, function (event) {
          var shown = rows.filter(function (row) { return !row.hidden; });
          if (shown[shown.length - 1].contains(event.target)) showNextRow(group, false);
        });
      });
    });

    // Another author has another role, and signed on another day: what was carried over goes with the name.
    var carriedName = document.getElementById("f-author-name");
    if (carriedName && "carried" in carriedName.dataset) {
      carriedName.addEventListener("change", function () {
        keying.querySelectorAll("[data-carried]").forEach(function (element) {
          if (element !== carriedName && element.value === element.defaultValue) element.value = "";
        });
      }, { once: true });
    }
  }

  // A box in the heading ticks every row that is shown.
  document.querySelectorAll("th[data-tick-all]").forEach(function (heading) {
    var all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", "Tick all shown");
    all.title = "Tick all shown";
    all.addEventListener("change", function () {
      heading.closest("table").querySelectorAll("td:first-child > input[type=checkbox]").forEach(function (element) {
        element.checked = all.checked;
      });
    });
    heading.replaceChildren(all);
  });

  // A telephone's camera gives one picture: it is sent as soon as it is taken.
  document.querySelectorAll("[data-send-at-once]").forEach(function (field) {
    field.addEventListener("change", function () {
      if (field.files.length) field.form.requestSubmit();
    });
  });

  var focusTarget = document.querySelector(".nhsuk-error-summary, [data-focus]");
  if (!focusTarget && keying) {
    focusTarget = Array.prototype.find.call(keying.elements, function (element) {
      return element.type !== "hidden" && element.offsetParent && !element.readOnly && !element.disabled
        && element.tabIndex >= 0 && element.name !== "looked" && element.matches("input, select, textarea");
    });
  }
  if (focusTarget) focusTarget.focus();

  // The browser's own way back keeps what was typed in the form.
  var backButton = document.querySelector("[data-back]");
  if (backButton && history.length > 1) {
    backButton.hidden = false;
    backButton.addEventListener("click", function () { history.back(); });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-print]");
    if (button) window.print();
  });
})();
