/* Saves what is keyed as a draft while one types: one request at a time, the newest state last, and
   nothing is lost when the page is left. Without this script only the buttons save. */
(function () {
  "use strict";

  var keying = document.querySelector("form.keying");
  if (!keying) return;
  var draftStatus = keying.querySelector("[data-part]"); // absent on a page that is read only

  var AFTER_FIELD_MS = 400; // milliseconds after a field was left
  var AFTER_TYPING_MS = 2000; // after the last letter inside one
  var RETRY_MS = 3000; // after a save that failed
  var REQUEST_TIMEOUT_MS = 20000; // for an answer
  var MAX_WAIT_TO_LEAVE_MS = 5000; // for an answer, before one may leave without it
  var SECOND_PRESS_MS = 5000; // in which a second press of the same button does nothing
  var MAX_KEEPALIVE_BYTES = 60000; // bytes that a browser goes on sending for a page that was left

  var timers = {};
  var pendingSave = null;
  var hasUnsentChanges = false;
  var lastNavigation = 0;
  var isLeaving = false;
  var isSubmitted = false;

  function readFormState() {
    var all = new FormData(keying);
    all.delete("step");
    return new URLSearchParams(all).toString();
  }

  // On a slow laptop one may have typed before this script runs.
  function isUnchanged() {
    return Array.prototype.every.call(keying.elements, function (element) {
      if (element.type === "checkbox" || element.type === "radio") return element.checked === element.defaultChecked;
      if (element.tagName !== "SELECT") return !("defaultValue" in element) || element.value === element.defaultValue;
      var chosen = Array.prototype.find.call(element.options, function (o) { return o.defaultSelected; });
      return element.value === (chosen ? chosen.value : "");
    });
  }

  var savedState = draftStatus && !isUnchanged() ? "" : readFormState();

  function isSaved() {
    return !draftStatus || savedState === readFormState();
  }

  function showStatus(text, failed) {
    draftStatus.textContent = text;
    draftStatus.className = failed ? "not-saved" : "quiet";
  }

  function saveLater(name, milliseconds) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(save, milliseconds);
  }

  function toPlainText(text) {
    return new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
  }

  // Send the present state; resolves to whether it was saved.
  function post() {
    var sentState = readFormState();
    keying.elements.step.value = Number(keying.elements.step.value) + 1;
    var body = new URLSearchParams(new FormData(keying));
    return fetch(draftStatus.dataset.part, {
      method: "POST",
      body: body,
      headers: { "HX-Request": "true" },
      keepalive: body.toString().length < MAX_KEEPALIVE_BYTES,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }).then(function (response) {
      return response.text().then(function (text) {
        if (response.status === 200) {
          savedState = sentState;
          showStatus(toPlainText(text), false);
          return true;
        }
        if (response.status >= 400 && response.status < 500) {
          showStatus("Not saved. " + toPlainText(text), true);
          return false;
        }
        var address = response.headers.get("HX-Redirect") || "";
        if (/locked$/.test(address)) offerUnlock();
        throw new Error(response.status === 204 ? "signed out" : "fault");
      });
    }).catch(function (error) {
      showStatus(error.message === "signed out"
        ? "Not saved yet: this screen is locked. Unlock it, here or in another tab; saving then goes on."
        : "Not saved yet: Downtime does not answer. Stay on this page while it tries again.", true);
      saveLater("again", RETRY_MS);
      return false;
    });
  }

  // Locked while somebody types, from another tab or by the server's clock: nothing of the page is shown,
  // and the password opens it again where it was.
  function offerUnlock() {
    if (document.getElementById("unlock-here")) return;
    var main = keying.closest("main");
    var covered = Array.prototype.filter.call(main.children, function (child) { return !child.hidden; });
    covered.forEach(function (child) { child.hidden = true; });
    var unlock = document.createElement("form");
    unlock.id = "unlock-here";
    unlock.className = "narrow";
    unlock.dataset.notKept = "";
    unlock.method = "post";
    unlock.innerHTML = '<h1>Locked</h1><p role="alert">What you typed is still here, and is saved once you unlock.</p>'
      + '<label class="nhsuk-label" for="unlock-password">Your password</label>'
      + '<input class="nhsuk-input nhsuk-input--width-20" type="password" id="unlock-password"'
      + ' autocomplete="current-password" maxlength="256">'
      + '<p class="error"></p><button class="nhsuk-button">Unlock</button>';
    unlock.addEventListener("submit", function (event) {
      event.preventDefault();
      event.stopPropagation();
      var password = unlock.querySelector("input");
      var body = new URLSearchParams({ csrf_token: keying.elements.csrf_token.value, password: password.value });
      password.value = "";
      fetch("/unlock", { method: "POST", body: body, redirect: "manual" }).then(function (response) {
        if (response.type !== "opaqueredirect") {
          unlock.querySelector(".error").textContent = "Still locked: the password is not right.";
          password.focus();
          return;
        }
        unlock.remove();
        covered.forEach(function (child) { child.hidden = false; });
        save();
      }).catch(function () {
        unlock.querySelector(".error").textContent = "Downtime does not answer. Try again.";
      });
    });
    main.prepend(unlock);
    unlock.querySelector("input").focus();
  }

  // One request at a time: changes made meanwhile are sent after its answer.
  function save() {
    if (pendingSave) {
      hasUnsentChanges = true;
      return pendingSave;
    }
    Object.keys(timers).forEach(function (name) { clearTimeout(timers[name]); });
    if (isSaved()) return Promise.resolve(true);
    hasUnsentChanges = false;
    pendingSave = post().then(function (saved) {
      pendingSave = null;
      return saved && hasUnsentChanges ? save() : saved;
    });
    return pendingSave;
  }

  if (draftStatus) {
    keying.addEventListener("change", function () { saveLater("field", AFTER_FIELD_MS); });
    keying.addEventListener("input", function () { saveLater("letter", AFTER_TYPING_MS); });
    if (!isSaved()) saveLater("field", AFTER_FIELD_MS);
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden" && !isSubmitted) save();
    });
  }

  // Leaving the page waits until everything is saved. Submitting the form always waits; any other way
  // out opens after a while, and the browser then asks first.
  function saveBefore(event, proceed, isFinishing) {
    var navigation = ++lastNavigation;
    var timeout = new Promise(function (resolve) { setTimeout(resolve, MAX_WAIT_TO_LEAVE_MS); });
    event.preventDefault();
    Promise.race(isFinishing ? [save()] : [save(), timeout]).then(function () {
      if (navigation !== lastNavigation || (isFinishing && !isSaved())) return;
      isLeaving = !isFinishing;
      proceed();
      isLeaving = false;
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter || undefined;
    if (event.defaultPrevented || isLeaving) return;
    if (form === keying && isSubmitted) {
      event.preventDefault();
    } else if (!isSaved()) {
      saveBefore(event, function () { form.requestSubmit(button); }, form === keying);
    } else if (form === keying) {
      isSubmitted = true;
      setTimeout(function () { isSubmitted = false; }, SECOND_PRESS_MS);
      if (draftStatus) keying.elements.step.value = Number(keying.elements.step.value) + 1;
    }
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey) return;
    if (event.shiftKey || link.target || link.hasAttribute("download")) return;
    if (link.getAttribute("href").charAt(0) === "#" || isSaved()) return;
    saveBefore(event, function () { location.assign(link.href); }, false);
  });

  // The page is closed or reloaded, or the browser's own buttons are used: send at once, even while
  // another request is pending. The server orders them by their step.
  window.addEventListener("beforeunload", function (event) {
    if (isSubmitted || isSaved()) return;
    post();
    event.preventDefault();
  });

  // The screen locks: nobody is there to answer a question.
  document.addEventListener("lock", function () {
    if (!isSubmitted && !isSaved()) post();
    isSubmitted = true;
  });
})();
