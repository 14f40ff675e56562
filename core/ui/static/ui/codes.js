// Copies or downloads the recovery codes of a page; both stay on this machine.
"use strict";

function codesOf(list) {
  return Array.from(list.querySelectorAll("code"), (code) => code.textContent).join("\n");
}

document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector("[data-codes]");
  if (!list) return;
  const state = document.querySelector("[data-codes-state]");
  const copy = document.querySelector("[data-copy-codes]");
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(codesOf(list));
      state.textContent = "Copied.";
    });
  }
  const download = document.querySelector("[data-download-codes]");
  download.hidden = false;
  download.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${codesOf(list)}\n`], { type: "text/plain" }));
    link.download = download.dataset.downloadCodes;
    link.click();
    URL.revokeObjectURL(link.href);
    state.textContent = "Downloaded.";
  });
});
