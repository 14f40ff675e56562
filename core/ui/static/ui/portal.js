// Small comforts. Every page works without this file.
"use strict";

const soon = (callback) => window.setTimeout(callback, 0);

function focusErrorSummary() {
  const summary = document.querySelector("[data-error-summary]");
  if (summary) soon(() => summary.focus());
}

function countDown(element) {
  const end = Date.parse(element.dataset.countdown);
  if (Number.isNaN(end) || element.dataset.running) return;
  element.dataset.running = "true";
  // The server's clock counts: begin from the life it states when the page knows it.
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) {
      element.textContent = element.dataset.ended;
      element.classList.add("countdown--ended");
      return;
    }
    const time = element.querySelector("time");
    if (time) {
      const minutes = Math.floor(left / 60);
      const seconds = String(left % 60).padStart(2, "0");
      time.textContent = minutes ? `${minutes}:${seconds} more` : `${left} seconds more`;
    }
    window.setTimeout(tick, 1000);
  };
  const prefix = element.firstChild;
  if (prefix && prefix.nodeType === Node.TEXT_NODE) {
    prefix.textContent = prefix.textContent.replace("until", "for");
  }
  tick();
}

const RULES = {
  length: (value, parameter) => [...value].length >= Number(parameter),
  upper: (value) => /\p{Lu}/u.test(value),
  lower: (value) => /\p{Ll}/u.test(value),
  digit: (value) => /\p{Nd}/u.test(value),
  special: (value) => /[^\p{L}\p{Nd}\s]/u.test(value),
};

function watchPassword(box) {
  const field = document.getElementById(box.dataset.field);
  const confirm = document.getElementById(box.dataset.confirm);
  if (!field) return;
  const update = () => {
    for (const item of box.querySelectorAll("[data-rule]")) {
      const [name, parameter] = item.dataset.rule.split(":");
      if (name === "match") {
        item.dataset.met = String(Boolean(confirm && field.value && field.value === confirm.value));
      } else if (RULES[name]) {
        item.dataset.met = String(RULES[name](field.value, parameter));
      }
    }
  };
  field.addEventListener("input", update);
  if (confirm) confirm.addEventListener("input", update);
  update();
}

// A form that was sent once is not sent twice by an impatient click.
function guardDoubleSubmit(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    window.setTimeout(() => delete form.dataset.sent, 4000);
  });
}

function dress(root) {
  root.querySelectorAll("[data-countdown]").forEach(countDown);
  root.querySelectorAll("[data-password-rules]").forEach(watchPassword);
  root.querySelectorAll("form[method=post]").forEach(guardDoubleSubmit);
  root.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
}

document.addEventListener("DOMContentLoaded", () => {
  focusErrorSummary();
  dress(document);
  document.body.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) dress(event.target);
  });
});

// A page from the back-forward cache may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
