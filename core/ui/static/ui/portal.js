// Small comforts. Every page works without this file.
"use strict";

// --- Where the keyboard and a screen reader begin --------------------------------------------------
// What went wrong takes the focus. Otherwise the page that answers a button or a link of the page
// before begins at its heading, past the header that was there already; a page that was opened,
// reloaded or gone back to begins at its top, as everywhere on the web.

const FOLLOWED = "portal-followed";
const FOLLOWED_FOR = 15000;

function noteFollowed() {
  // A page that answered a form with errors is reached again by Back with a GET: the browser would
  // ask whether to send the form again, or show an error of its own, because nothing is stored.
  window.history.replaceState(window.history.state, "");
  try {
    window.sessionStorage.setItem(FOLLOWED, String(Date.now()));
  } catch { /* A browser that keeps nothing begins each page at its top. */ }
}

function wasFollowed() {
  let at = null;
  try {
    at = window.sessionStorage.getItem(FOLLOWED);
    window.sessionStorage.removeItem(FOLLOWED);
  } catch { /* As above. */ }
  const [visit] = performance.getEntriesByType("navigation");
  return Boolean(at) && Date.now() - Number(at) < FOLLOWED_FOR && (!visit || visit.type === "navigate");
}

function namesAPlace() {
  // A redirect keeps the fragment of the page before, where it may name nothing.
  return Boolean(document.getElementById(window.location.hash.slice(1)));
}

function focusFirst() {
  const followed = wasFollowed();
  const summary = document.querySelector("[data-error-summary]");
  const heading = document.querySelector("main h1");
  if (summary) {
    window.setTimeout(() => summary.focus(), 0);
  } else if (followed && heading && !namesAPlace() && document.activeElement === document.body) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

function watchFollowed() {
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && !event.target.hasAttribute("hx-post")) noteFollowed();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[href], main area[href]");
    const aside = event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey;
    if (link && !aside && !link.target && link.origin === window.location.origin) noteFollowed();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) noteFollowed();
  });
}

// --- What is left of a code's life ---------------------------------------------------------------
// Reckoned from the server's clock on the page: a machine whose own clock is wrong counts rightly.

const SHORT = 10;

function describeSeconds(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")} minutes`;
}

function addBar(element) {
  const bar = document.createElement("span");
  const left = document.createElement("span");
  bar.className = "countdown__bar";
  left.className = "countdown__left";
  bar.setAttribute("aria-hidden", "true");
  bar.append(left);
  element.append(bar);
  return left;
}

function countDown(element) {
  const life = (Date.parse(element.dataset.countdown) - Date.parse(element.dataset.now)) / 1000;
  const time = element.querySelector("time");
  if (Number.isNaN(life) || !time || element.dataset.running) return;
  element.dataset.running = "true";
  const words = element.querySelector("[data-countdown-words]");
  if (words) words.textContent = "Time left:";
  const bar = addBar(element);
  const begun = performance.now();
  const tick = () => {
    if (!element.isConnected) return;
    const left = Math.max(0, Math.ceil(life - (performance.now() - begun) / 1000));
    if (left === 0) {
      element.setAttribute("role", "status");
      element.textContent = element.dataset.ended;
      element.classList.add("countdown--ended");
      return;
    }
    time.textContent = describeSeconds(left);
    bar.style.width = `${Math.round((100 * left) / life)}%`;
    element.classList.toggle("countdown--short", left <= SHORT);
    window.setTimeout(tick, 1000);
  };
  tick();
}

function waitFor(element) {
  const wait = (Date.parse(element.dataset.wait) - Date.parse(element.dataset.now)) / 1000;
  if (Number.isNaN(wait) || element.dataset.running) return;
  element.dataset.running = "true";
  const begun = performance.now();
  const tick = () => {
    if (!element.isConnected) return;
    const left = Math.ceil(wait - (performance.now() - begun) / 1000);
    if (left <= 0) {
      element.remove();
      return;
    }
    element.textContent = `possible in ${describeSeconds(left)}`;
    window.setTimeout(tick, 1000);
  };
  tick();
}

// --- Passwords: rules tick off as they are met, and a password can be looked at ------------------

const RULES = {
  length: (value, parameter) => [...value].length >= Number(parameter),
  upper: (value) => /\p{Lu}/u.test(value),
  lower: (value) => /\p{Ll}/u.test(value),
  digit: (value) => /\p{Nd}/u.test(value),
  special: (value) => /[^\p{L}\p{Nd}\s]/u.test(value),
};

function markRule(item, met) {
  if (item.dataset.met === String(met)) return;
  item.dataset.met = String(met);
  item.querySelector("[data-rule-state]").textContent = met ? "(met)" : "";
}

function watchPassword(box) {
  const field = document.getElementById(box.dataset.field);
  const confirm = document.getElementById(box.dataset.confirm);
  if (!field) return;
  const update = () => {
    for (const item of box.querySelectorAll("[data-rule]")) {
      const [name, parameter] = item.dataset.rule.split(":");
      if (name === "match") {
        markRule(item, Boolean(confirm && field.value && field.value === confirm.value));
      } else if (RULES[name]) {
        markRule(item, RULES[name](field.value, parameter));
      }
    }
  };
  field.addEventListener("input", update);
  if (confirm) confirm.addEventListener("input", update);
  update();
}

function addReveal(field) {
  if (field.dataset.reveal) return;
  field.dataset.reveal = "true";
  const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "field-reveal__button";
  const say = (shown) => {
    button.textContent = shown ? "Hide" : "Show";
    const words = label ? label.firstChild.textContent.trim() : "password";
    button.setAttribute("aria-label", `${button.textContent} ${words}`);
  };
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    say(shown);
  });
  // Never sent or kept by the browser in the clear.
  if (field.form) field.form.addEventListener("submit", () => { field.type = "password"; });
  const wrap = document.createElement("span");
  wrap.className = "field-reveal";
  field.before(wrap);
  wrap.append(field, button);
  say(false);
}

// --- Forms: sent once by an impatient click; asked about first where the form says so ------------

function askFirst(form) {
  const dialog = document.createElement("dialog");
  dialog.className = "confirm";
  const words = document.createElement("p");
  words.id = `confirm-${document.querySelectorAll("dialog").length}`;
  words.textContent = form.dataset.confirm;
  dialog.setAttribute("aria-labelledby", words.id);
  const answers = document.createElement("form");
  answers.method = "dialog";
  answers.className = "actions";
  const add = (value, text, look) => {
    const button = document.createElement("button");
    button.className = look;
    button.value = value;
    button.textContent = text;
    answers.append(button);
  };
  add("no", "Cancel", "ds-c-button");
  add("yes", form.dataset.confirmLabel || "Continue", "ds-c-button ds-c-button--solid");
  dialog.append(words, answers);
  document.body.append(dialog);
  return dialog;
}

function guardSubmit(form) {
  // What htmx sends stays on the page and may be sent again: the keys of a telephone, say.
  if (form.dataset.guarded || form.hasAttribute("hx-post")) return;
  form.dataset.guarded = "true";
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      const dialog = askFirst(form);
      const submitter = event.submitter;
      dialog.addEventListener("close", () => {
        dialog.remove();
        if (dialog.returnValue !== "yes") return;
        form.dataset.confirmed = "true";
        form.requestSubmit(submitter);
      });
      dialog.showModal();
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "true";
    window.setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
}

// --- A live answer about a field takes the place of what was said of it when it was sent ----------

function dropError(field) {
  const box = field.closest(".form-field--error");
  if (!box) return;
  const error = box.querySelector(".ds-c-inline-error");
  if (error) {
    const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id !== error.id);
    field.setAttribute("aria-describedby", others.join(" "));
    error.remove();
  }
  box.classList.remove("form-field--error");
  field.classList.remove("ds-c-field--error");
  field.removeAttribute("aria-invalid");
}

function askAboutTyped() {
  // Somebody was quicker than the scripts: what stands in the field was never asked about.
  document.querySelectorAll("input[hx-get]").forEach((field) => {
    if (field.value !== field.defaultValue) field.dispatchEvent(new CustomEvent("typed-before"));
  });
}

function watchLiveAnswers() {
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const field = event.detail.elt;
    if (field.matches("input[hx-get]") && event.detail.xhr.status === 200) dropError(field);
  });
}

// --- Copy ----------------------------------------------------------------------------------------

function copyText(button) {
  const source = document.getElementById(button.dataset.copy);
  const state = document.getElementById(`${button.dataset.copy}-state`);
  if (!navigator.clipboard || !source) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.innerText.trim());
    state.textContent = "Copied.";
  });
}

// --- Wiring --------------------------------------------------------------------------------------

function dress(root) {
  root.querySelectorAll("[data-countdown]").forEach(countDown);
  root.querySelectorAll("[data-wait]").forEach(waitFor);
  root.querySelectorAll("[data-password-rules]").forEach(watchPassword);
  root.querySelectorAll("input[type=password]").forEach(addReveal);
  root.querySelectorAll("form[method=post], form[data-confirm]").forEach(guardSubmit);
  root.querySelectorAll("[data-copy]").forEach(copyText);
  root.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
}

document.addEventListener("DOMContentLoaded", () => {
  focusFirst();
  watchFollowed();
  watchLiveAnswers();
  askAboutTyped();
  dress(document);
  document.body.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) dress(event.target);
  });
});

// A page from the back-forward cache may be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});
