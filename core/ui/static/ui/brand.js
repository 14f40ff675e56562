// Shows a brand while it is typed: asks the page itself for what Show answers, and takes over the
// parts that show it. Nothing is reckoned here. Without this file Show does the same.
"use strict";

const PAUSE = 350;
const MOST_BYTES = 3000000;

class LiveBrand {
  constructor(form) {
    this.form = form;
    this.file = form.querySelector("input[type=file]");
    this.said = document.getElementById(`${this.file.id}_error`);
    this.asked = 0;
    form.addEventListener("input", () => this.soon());
    form.addEventListener("submit", () => window.clearTimeout(this.waiting));
  }

  soon() {
    window.clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.show().catch(() => { /* Show is still there. */ }), PAUSE);
  }

  async show() {
    this.asked += 1;
    const number = this.asked;
    const body = new FormData(this.form);
    body.set("do", "show");
    const [chosen] = this.file.files;
    if (chosen && chosen.size > MOST_BYTES) {
      body.delete(this.file.name);
      this.tooLarge();
    }
    const answer = await fetch(window.location.pathname, { method: "POST", body });
    if (number !== this.asked || !answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    await this.paint(page);
    if (number !== this.asked) return;
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh && !(part === this.said && this.file.files.length && chosen !== this.file.files[0])) {
        part.replaceChildren(...fresh.childNodes);
      }
    }
    // What was taken in is named by the form now: it need not be sent again.
    if (chosen && chosen === this.file.files[0]) this.file.value = "";
  }

  tooLarge() {
    this.said.textContent = "The file is larger than 3 MB. Choose a smaller picture.";
    this.file.value = "";
  }

  // The sheet of the new color is there before the old one goes, so that nothing flickers.
  async paint(page) {
    const old = document.querySelector("link[data-brand-sheet]");
    const href = page.querySelector("link[data-brand-sheet]").getAttribute("href");
    if (old.getAttribute("href") === href) return;
    const sheet = old.cloneNode();
    sheet.setAttribute("href", href);
    await new Promise((done) => {
      sheet.addEventListener("load", done);
      sheet.addEventListener("error", done);
      old.after(sheet);
    });
    old.remove();
  }
}

for (const form of document.querySelectorAll("form[data-brand]")) new LiveBrand(form);
