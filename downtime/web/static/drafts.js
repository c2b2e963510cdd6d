/* What is keyed is kept as a draft while one types: one save at a time, the newest state last, and
   nothing is left behind when the page is left. Without this a page keeps what its buttons send. */
(function () {
  "use strict";

  var keying = document.querySelector("form.keying");
  if (!keying) return;
  var note = keying.querySelector("[data-part]"); // where a draft is sent; not while one only reads

  var AFTER_FIELD = 400; // milliseconds after a field was left
  var AFTER_LETTER = 2000; // after the last letter inside one
  var AGAIN = 3000; // after a save that failed
  var PATIENCE = 20000; // for an answer
  var LEAVING = 5000; // for an answer, before one may leave without it
  var PRESSED = 5000; // in which a second press of the same button does nothing
  var LONGEST = 60000; // bytes that a browser goes on sending for a page that was left

  var timers = {};
  var sending = null;
  var more = false;
  var ticket = 0;
  var passing = false;
  var gone = false;

  function state() {
    var all = new FormData(keying);
    all.delete("step");
    return new URLSearchParams(all).toString();
  }

  // A slow laptop lets one type before this runs.
  function isAsServed() {
    return Array.prototype.every.call(keying.elements, function (one) {
      if (one.type === "checkbox" || one.type === "radio") return one.checked === one.defaultChecked;
      if (one.tagName !== "SELECT") return !("defaultValue" in one) || one.value === one.defaultValue;
      var chosen = Array.prototype.find.call(one.options, function (o) { return o.defaultSelected; });
      return one.value === (chosen ? chosen.value : "");
    });
  }

  var safe = note && !isAsServed() ? "" : state();

  function isSafe() {
    return !note || safe === state();
  }

  function say(text, failed) {
    note.textContent = text;
    note.className = failed ? "unkept" : "quiet";
  }

  function later(name, milliseconds) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(save, milliseconds);
  }

  function plain(text) {
    return new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
  }

  // Send what the page says now; resolves to whether it is kept.
  function post() {
    var carried = state();
    keying.elements.step.value = Number(keying.elements.step.value) + 1;
    var body = new URLSearchParams(new FormData(keying));
    return fetch(note.dataset.part, {
      method: "POST",
      body: body,
      headers: { "HX-Request": "true" },
      keepalive: body.toString().length < LONGEST,
      signal: AbortSignal.timeout(PATIENCE),
    }).then(function (answer) {
      return answer.text().then(function (text) {
        if (answer.status === 200) {
          safe = carried;
          say(plain(text), false);
          return true;
        }
        if (answer.status >= 400 && answer.status < 500) {
          say("Not kept. " + plain(text), true);
          return false;
        }
        throw new Error(answer.status === 204 ? "signed out" : "fault");
      });
    }).catch(function (error) {
      say(error.message === "signed out"
        ? "Not kept yet: this screen is locked. Unlock it in another tab; it is tried again."
        : "Not kept yet: no answer from Downtime. Stay on this page; it is tried again.", true);
      later("again", AGAIN);
      return false;
    });
  }

  // One at a time: what is typed meanwhile goes when the one before was answered.
  function save() {
    if (sending) {
      more = true;
      return sending;
    }
    Object.keys(timers).forEach(function (name) { clearTimeout(timers[name]); });
    if (isSafe()) return Promise.resolve(true);
    more = false;
    sending = post().then(function (kept) {
      sending = null;
      return kept && more ? save() : kept;
    });
    return sending;
  }

  if (note) {
    keying.addEventListener("change", function () { later("field", AFTER_FIELD); });
    keying.addEventListener("input", function () { later("letter", AFTER_LETTER); });
    if (!isSafe()) later("field", AFTER_FIELD);
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden" && !gone) save();
    });
  }

  // Whoever leaves is held until all is kept. Finishing the form waits for that; every other way
  // out is open after a while, and the browser asks first.
  function hold(event, go, finishing) {
    var mine = ++ticket;
    var patience = new Promise(function (resolve) { setTimeout(resolve, LEAVING); });
    event.preventDefault();
    Promise.race(finishing ? [save()] : [save(), patience]).then(function () {
      if (mine !== ticket || (finishing && !isSafe())) return;
      passing = !finishing;
      go();
      passing = false;
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter || undefined;
    if (event.defaultPrevented || passing) return;
    if (form === keying && gone) {
      event.preventDefault();
    } else if (!isSafe()) {
      hold(event, function () { form.requestSubmit(button); }, form === keying);
    } else if (form === keying) {
      gone = true;
      setTimeout(function () { gone = false; }, PRESSED);
      if (note) keying.elements.step.value = Number(keying.elements.step.value) + 1;
    }
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey) return;
    if (event.shiftKey || link.target || link.hasAttribute("download")) return;
    if (link.getAttribute("href").charAt(0) === "#" || isSafe()) return;
    hold(event, function () { location.assign(link.href); }, false);
  });

  // Closed, loaded again, or gone elsewhere by the browser's own buttons: it is sent at once, beside
  // one that is not answered yet; the server knows their order.
  window.addEventListener("beforeunload", function (event) {
    if (gone || isSafe()) return;
    post();
    event.preventDefault();
  });

  // The screen locks: nobody is there to be asked.
  document.addEventListener("lock", function () {
    if (!gone && !isSafe()) post();
    gone = true;
  });
})();
