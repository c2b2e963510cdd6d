/* Keeps what one has begun to type: it comes back on the same page after an idle lock, a refresh, a way
   back or a refusal. The server holds it in memory, for this person alone. Forms that are keyed have
   drafts of their own (drafts.js). A second press of the same button within seconds does nothing. */
(function () {
  "use strict";

  var AFTER_TYPING_MS = 700;
  var SECOND_PRESS_MS = 5000;
  var MAX_KEEPALIVE_BYTES = 60000; // what a browser goes on sending for a page that was left
  var body = document.body;
  if (!body.dataset.typedTo) return;

  var page = location.pathname + location.search;
  var forms = Array.prototype.filter.call(document.forms, function (form) {
    var hasDrafts = form.matches(".keying") && form.querySelector("[data-part]");
    return form.method === "post" && !hasDrafts && !form.matches("[data-scan], [data-not-kept], [role=search]");
  });
  var names = forms.map(function (form, index) { // the action, and which of those with the same one
    var path = new URL(form.action, location).pathname;
    return path + "#" + forms.slice(0, index).filter(function (other) {
      return new URL(other.action, location).pathname === path;
    }).length;
  });

  function listFields(form) {
    return Array.prototype.filter.call(form.elements, function (field) {
      var isKept = field.matches("input, select, textarea") && field.name && !field.readOnly;
      return isKept && ["hidden", "password", "file", "submit", "button", "reset", "image"].indexOf(field.type) < 0
        && field.autocomplete !== "one-time-code";
    });
  }

  function isTick(field) {
    return field.type === "checkbox" || field.type === "radio";
  }

  function isUntouched(field) {
    if (isTick(field)) return field.checked === field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value === field.defaultValue;
    return Array.prototype.every.call(field.options, function (option, index) {
      var hasDefault = Array.prototype.some.call(field.options, function (o) { return o.defaultSelected; });
      return option.selected === (hasDefault ? option.defaultSelected : index === 0);
    });
  }

  // Only what differs from the page as it came: [place among the fields, name, value].
  function readValues(form) {
    var values = [];
    listFields(form).forEach(function (field, place) {
      if (!isUntouched(field)) values.push([place, field.name, isTick(field) ? field.checked : field.value]);
    });
    return values.length ? JSON.stringify(values) : "";
  }

  function writeValues(form, values) {
    var fields = listFields(form);
    values.forEach(function (value) {
      var field = fields[value[0]];
      if (!field || field.name !== value[1]) return; // the page has changed meanwhile
      if (isTick(field)) field.checked = value[2];
      else field.value = value[2];
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  var kept = {}; // what the server holds, by form
  var timers = {};

  function send(form) {
    var name = names[forms.indexOf(form)];
    var values = readValues(form);
    clearTimeout(timers[name]);
    if (form.dataset.sent || (kept[name] || "") === values) return;
    var fields = new URLSearchParams({
      csrf_token: form.elements.csrf_token.value, "typed-page": page, "typed-form": name, "typed-values": values,
    });
    kept[name] = values;
    fetch(body.dataset.typedTo, {
      method: "POST", body: fields, keepalive: fields.toString().length < MAX_KEEPALIVE_BYTES,
    }).catch(function () { delete kept[name]; });
  }

  var typed = body.dataset.typed ? JSON.parse(body.dataset.typed) : {};
  forms.forEach(function (form, index) {
    var values = typed[names[index]];
    if (!values) return;
    kept[names[index]] = values;
    writeValues(form, JSON.parse(values));
    var note = document.createElement("p");
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = "What you had begun to type here is back; it was not sent. ";
    var clear = document.createElement("button");
    clear.type = "button";
    clear.className = "link";
    clear.textContent = "Start afresh";
    clear.addEventListener("click", function () {
      form.reset();
      send(form);
      note.remove();
    });
    note.appendChild(clear);
    form.before(note);
  });

  forms.forEach(function (form, index) {
    ["input", "change"].forEach(function (kind) {
      form.addEventListener(kind, function () {
        clearTimeout(timers[names[index]]);
        timers[names[index]] = setTimeout(function () { send(form); }, AFTER_TYPING_MS);
      });
    });
    form.addEventListener("formdata", function (event) {
      if (!listFields(form).length) return;
      event.formData.append("typed-page", page);
      event.formData.append("typed-form", names[index]);
      event.formData.append("typed-values", readValues(form));
    });
  });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || forms.indexOf(form) < 0) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    setTimeout(function () { // when all have seen it: drafts.js may hold it back and send it later
      if (event.defaultPrevented) return;
      form.dataset.sent = "yes";
      setTimeout(function () { delete form.dataset.sent; }, SECOND_PRESS_MS);
    });
  });

  // The page is left, hidden or locked: at once.
  ["lock", "visibilitychange"].forEach(function (kind) {
    document.addEventListener(kind, function () { forms.forEach(send); });
  });
  window.addEventListener("pagehide", function () { forms.forEach(send); });
})();
