// Passkeys: what the page asks of the device, and its answer back into the form. Nothing else is sent by this file.
"use strict";
(function () {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys) => (keys || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function asked(how, options) {
    options.challenge = bytes(options.challenge);
    if (how === "create") {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = listed(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = listed(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function told(key) {
    const response = { clientDataJSON: text(key.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (key.response[name]) response[name] = text(key.response[name]);
    }
    return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response: response, clientExtensionResults: {} });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      const field = form.elements.namedItem("passkey");
      if (field.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const fault = form.querySelector("[role=alert]");
      fault.hidden = true;
      try {
        field.value = told(await asked(form.dataset.passkey, JSON.parse(form.dataset.options)));
        form.submit();
      } catch {
        fault.hidden = false;
      }
    }, true);
  }
})();
