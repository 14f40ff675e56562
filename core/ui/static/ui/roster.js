// Sends a roster file by parts: after a broken connection it goes on with those that are missing.
// Without this file the form sends the whole file in one request.
"use strict";

const TRIES = 6;
const FIRST_WAIT = 1000;

class RosterUpload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.said = form.querySelector("[data-roster-said]");
    this.bar = form.querySelector("progress");
    this.button = form.querySelector("button[type=submit]");
    this.size = Number(form.dataset.partBytes);
    form.addEventListener("submit", (event) => this.submit(event));
  }

  submit(event) {
    const [file] = this.input.files;
    if (!file || file.size === 0) return; // the server says so, at the field
    event.preventDefault();
    this.button.disabled = true;
    this.form.querySelector("[data-roster-sending]").hidden = false;
    this.send(file).catch((error) => this.fail(error));
  }

  say(text) {
    this.said.textContent = text;
  }

  fail(error) {
    this.say(error.sentence || "The connection broke. Choose Check the file to go on where it stopped.");
    this.button.disabled = false;
  }

  async send(file) {
    this.say("Sending the file.");
    const begun = await this.post(this.form.dataset.begin, { name: file.name, size: file.size });
    let answer = begun;
    const parts = Math.ceil(file.size / this.size);
    for (let number = 0; number < parts; number += 1) {
      const part = file.slice(number * this.size, (number + 1) * this.size);
      const digest = await digestOf(part);
      if (begun.there[number] && digest && begun.there[number] !== digest) {
        throw refusal("This is another file than the one that was begun. Cancel that one first.");
      }
      if (!begun.there[number]) answer = await this.again(begun.parts, { number, digest, part });
      this.bar.value = Math.floor(((number + 1) / parts) * 100);
      this.say(`${this.bar.value} % sent. Keep this page open.`);
    }
    window.location.assign(answer.page);
  }

  async again(address, fields) {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.post(address, fields);
      } catch (error) {
        if (error.sentence || tried === TRIES) throw error;
        this.say("The connection broke. Trying again.");
        await new Promise((go) => { window.setTimeout(go, FIRST_WAIT * 2 ** (tried - 1)); });
      }
    }
  }

  async post(address, fields) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", this.form.querySelector("[name=csrfmiddlewaretoken]").value);
    Object.entries(fields).forEach(([name, value]) => body.append(name, value));
    const answer = await fetch(address, { method: "POST", body, redirect: "error" });
    if (answer.status >= 500) throw new Error("The server did not answer.");
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw refusal(told.problem || "You are signed out, or may not do this. Load the page again.");
    return told;
  }
}

function refusal(sentence) {
  const error = new Error(sentence);
  error.sentence = sentence;
  return error;
}

async function digestOf(part) {
  if (!window.crypto || !window.crypto.subtle) return "";
  const digest = await window.crypto.subtle.digest("SHA-256", await part.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-roster-upload]").forEach((form) => new RosterUpload(form));
});
