/* Asks this browser for a passkey, new or known, and sends its answer with the form that it stands in. The
   place that does so stays hidden where the browser knows no passkeys; codes work without it. */
(function () {
  "use strict";

  var place = document.querySelector("[data-passkey]");
  if (!place || !window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  var form = place.closest("form");
  var fault = place.querySelector("[data-passkey-fault]");
  var makes = place.dataset.passkey === "create";
  place.hidden = false;

  function ask(options) {
    if (makes) {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  }

  place.querySelector("button").addEventListener("click", function () {
    var body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    fault.textContent = "";
    fetch(place.dataset.options, { method: "POST", body: body })
      .then(function (response) {
        if (!response.ok) throw new Error("no options");
        return response.json();
      })
      .then(ask)
      .then(function (credential) {
        form.elements.passkey.value = JSON.stringify(credential.toJSON());
        form.requestSubmit();
      })
      .catch(function () {
        fault.textContent = fault.dataset.passkeyFault;
      });
  });
})();
