// Passkeys: passes the page's options to the device, and puts its answer into the form.
"use strict";
(function () {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const descriptors = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  async function askDevice(action, options) {
    options.challenge = bytes(options.challenge);
    if (action === "create") {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = descriptors(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = descriptors(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function toJson(key) {
    const response = { clientDataJSON: base64url(key.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (key.response[name]) response[name] = base64url(key.response[name]);
    }
    return JSON.stringify({ id: key.id, rawId: base64url(key.rawId), type: key.type, response: response, clientExtensionResults: {} });
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
        field.value = toJson(await askDevice(form.dataset.passkey, JSON.parse(form.dataset.options)));
        form.submit();
      } catch {
        fault.hidden = false;
      }
    }, true);
  }
})();
