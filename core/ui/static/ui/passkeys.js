// Carries the question of a page to an authenticator and its answer back (WebAuthn).
"use strict";

const WORDS = {
  asking: "Follow what your browser or device asks…",
  NotAllowedError: "Nothing was confirmed: it was cancelled, or took too long. Try again.",
  InvalidStateError: "This device or key has a passkey for your account already.",
  SecurityError: "Passkeys do not work at this address. Use another way.",
  unsupported: "This browser does not know passkeys. Use another way.",
  failed: "That did not work. Try again, or use another way.",
};

function toBytes(text) {
  const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function readOptions(options) {
  const read = { ...options, challenge: toBytes(options.challenge) };
  if (read.user) read.user = { ...read.user, id: toBytes(read.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (read[list]) read[list] = read[list].map((one) => ({ ...one, id: toBytes(one.id) }));
  }
  return read;
}

function writeAnswer(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    parts.attestationObject = toText(response.attestationObject);
    parts.transports = response.getTransports ? response.getTransports() : [];
  } else {
    parts.authenticatorData = toText(response.authenticatorData);
    parts.signature = toText(response.signature);
    if (response.userHandle && response.userHandle.byteLength) {
      parts.userHandle = toText(response.userHandle);
    }
  }
  const id = toText(credential.rawId);
  return JSON.stringify({
    id, rawId: id, type: credential.type, response: parts, clientExtensionResults: {},
  });
}

async function fetchOptions(form) {
  const data = new FormData(form);
  data.set("action", "passkey_options");
  const answer = await fetch(window.location.href, { method: "POST", body: data });
  const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
  if (!isJson) {
    // The page has something else to say: a session that ended, a step that is done.
    window.location.reload();
    throw new Error("elsewhere");
  }
  if (!answer.ok) throw new DOMException("none here", "SecurityError");
  return readOptions((await answer.json()).publicKey);
}

async function ask(form, say) {
  const publicKey = await fetchOptions(form);
  say("asking");
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  form.elements.credential.value = writeAnswer(credential);
  form.submit();
}

function wire(form) {
  const state = form.querySelector("[data-passkey-state]");
  const say = (word) => { state.textContent = WORDS[word] || WORDS.failed; };
  let busy = false;
  form.addEventListener("submit", (event) => {
    if (!window.PublicKeyCredential) {
      event.preventDefault();
      say("unsupported");
      return;
    }
    // A field that is empty is the server's to point out.
    const name = form.elements.name;
    if (name && !name.value.trim()) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    ask(form, say).catch((error) => say(error.name)).finally(() => { busy = false; });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form[data-passkey]").forEach(wire);
});
