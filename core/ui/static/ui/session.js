// Warns before a signed-in session ends, in all its tabs. The server alone knows the end: the page
// brings the seconds that are left, and every decision here asks the server first. Asking does not
// prolong the session.
"use strict";

const ASK_AGAIN_AFTER = 3000;
const TOLD = 700; // a form that signs out has left, but is not yet answered
const SAY_AT = [60, 30, 10];

class SessionWarning {
  constructor(dialog) {
    this.dialog = dialog;
    this.title = document.title;
    this.dismissed = false;
    this.hasLeft = false;
    this.askedAt = 0;
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel("portal-session") : null;
    this.adopt({
      seconds: Number(dialog.dataset.seconds),
      warn_seconds: Number(dialog.dataset.warnSeconds),
      is_final: "final" in dialog.dataset,
    });
    this.listen();
    this.tell();
    this.tick();
  }

  part(name) {
    return this.dialog.querySelector(`[data-session-${name}]`);
  }

  listen() {
    this.part("stay").addEventListener("click", () => this.stay());
    this.part("close").addEventListener("click", () => this.close());
    this.part("out").addEventListener("submit", () => this.tell());
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (this.isFinal) this.close();
      else this.stay();
    });
    document.querySelectorAll(`form[action="${this.part("out").getAttribute("action")}"]`)
      .forEach((form) => form.addEventListener("submit", () => this.tell()));
    // A machine that slept, or a page kept by the browser, knows nothing of the time between.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.ask();
    });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.ask(); });
    if (this.tabs) {
      this.tabs.addEventListener("message", () => window.setTimeout(() => this.ask({}, true), TOLD));
    }
  }

  // The other tabs ask for themselves: none believes another's clock.
  tell() {
    if (this.tabs) this.tabs.postMessage("changed");
  }

  adopt(state) {
    this.warnSeconds = state.warn_seconds;
    this.isFinal = state.is_final;
    this.endsAt = performance.now() + state.seconds * 1000;
    if (this.left() > this.warnSeconds) {
      this.dismissed = false;
      this.close();
    }
  }

  left() {
    return Math.max(0, Math.ceil((this.endsAt - performance.now()) / 1000));
  }

  async ask(options = {}, atOnce = false) {
    const now = performance.now();
    if (!atOnce && now - this.askedAt < ASK_AGAIN_AFTER) return;
    this.askedAt = now;
    try {
      const answer = await fetch(this.dialog.dataset.url, {
        credentials: "same-origin",
        ...options,
        headers: { Accept: "application/json", ...options.headers },
      });
      if (answer.status === 401) this.leave();
      else if (answer.ok) this.adopt(await answer.json());
    } catch { /* No network: the count goes on, and the end asks again. */ }
  }

  async stay() {
    const token = this.part("out").querySelector("[name=csrfmiddlewaretoken]").value;
    await this.ask({ method: "POST", headers: { "X-CSRFToken": token } }, true);
    this.tell();
  }

  // Once: what asks again meanwhile finds the page on its way to Login options.
  leave() {
    if (this.hasLeft) return;
    this.hasLeft = true;
    if (this.sendTyped()) return;
    const next = window.location.pathname + window.location.search;
    window.location.replace(`${this.dialog.dataset.login}?next=${encodeURIComponent(next)}`);
  }

  // The server keeps what was typed until the person has signed in again; it does nothing with it.
  sendTyped() {
    const form = document.querySelector("form[data-keeps-typed]");
    const typed = form && [...form.elements].some((field) => field.value !== field.defaultValue
      && field.defaultValue !== undefined && field.type !== "hidden");
    if (!typed) return false;
    const mark = document.createElement("input");
    Object.assign(mark, { type: "hidden", name: "only_keep_typed", value: "1" });
    form.append(mark);
    form.submit();
    return true;
  }

  async tick() {
    if (this.hasLeft) return;
    let left = this.left();
    if (left <= this.warnSeconds && !this.dialog.open && !this.dismissed) {
      await this.ask(); // another tab may have gone on meanwhile
      left = this.left();
      if (left <= this.warnSeconds && left > 0 && !this.dialog.open) this.open();
    }
    if (left === 0) await this.ask();
    if (this.dialog.open) this.show(left);
    window.setTimeout(() => this.tick(), 1000);
  }

  open() {
    const end = new Date(Date.now() + this.left() * 1000);
    this.part("at").textContent = end.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    this.part("idle").hidden = this.isFinal;
    this.part("final").hidden = !this.isFinal;
    this.part("stay").hidden = this.isFinal;
    this.part("close").hidden = !this.isFinal;
    this.show(this.left());
    // The element that had the focus gets it back from the browser when the dialog closes.
    this.dialog.showModal();
    (this.isFinal ? this.part("close") : this.part("stay")).focus();
    document.title = `Signing out soon – ${this.title}`;
  }

  show(left) {
    const words = left >= 60 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} minutes`
      : `${left} second${left === 1 ? "" : "s"}`;
    this.part("left").textContent = `${words} left`;
    if (SAY_AT.includes(left)) this.part("said").textContent = `Signed out in ${left} seconds.`;
  }

  close() {
    if (!this.dialog.open) return;
    this.dismissed = this.isFinal;
    this.dialog.close();
    document.title = this.title;
    this.part("said").textContent = "";
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.querySelector("[data-session-warning]");
  if (dialog && typeof dialog.showModal === "function") new SessionWarning(dialog);
});
