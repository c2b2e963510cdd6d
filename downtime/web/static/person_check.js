/* Shows who has the number that was typed, to be checked rather than typed. Without this script a button
   does so. */
(function () {
  "use strict";

  var keying = document.querySelector("form.keying");
  var section = keying && keying.querySelector("[data-person]");
  if (!section) return;
  var shown = document.getElementById("person");
  var typed = document.getElementById("typed-person");
  var button = keying.querySelector("[data-find-person]");
  var numbers = ["patient.mrn", "patient.nhs", "patient.downtime-number"];
  var latest = 0;

  if (button) button.hidden = true;

  function find() {
    var request = ++latest;
    var body = new URLSearchParams(new FormData(keying));
    fetch(button.getAttribute("formaction"), { method: "POST", body: body, headers: { "HX-Request": "true" } })
      .then(function (response) {
        if (response.status !== 200) return null;
        return response.text();
      })
      .then(function (html) {
        if (html === null || request !== latest) return;
        var parsed = new DOMParser().parseFromString(html, "text/html");
        shown.replaceChildren.apply(shown, Array.prototype.slice.call(parsed.body.childNodes));
        if (typed && !shown.querySelector("input") && shown.textContent.trim()) typed.open = true;
      })
      .catch(function () { /* the button of a page without scripts is not missed: who it is can be typed */
        if (typed) typed.open = true;
      });
  }

  section.addEventListener("change", function (event) {
    if (button && numbers.indexOf(event.target.name) >= 0) {
      find();
    } else if (event.target.name === "person.check" && typed) {
      typed.open = event.target.value === "differs";
      var first = typed.querySelector("input");
      if (typed.open && first) first.focus();
    }
  });
})();
