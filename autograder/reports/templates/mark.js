"use strict";
// Saves what was filled in as a table, the same that a spreadsheet would fill in. Nothing leaves the browser.
const form = document.getElementById("marks");
const state = document.getElementById("state");
let unsaved = false;

function cell(value) {
  return /[",\r\n]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value;
}

function rows() {
  const found = [];
  for (const answer of form.querySelectorAll("[data-answer]")) {
    const given = [...answer.querySelectorAll("input, textarea")].map((field) => field.value.trim());
    if (given.some((value) => value !== "")) {
      found.push([form.dataset.question, answer.dataset.answer, "", ...given]);
    }
  }
  return found;
}

function count() {
  const answers = [...form.querySelectorAll("[data-answer]")];
  const done = answers.filter((answer) => {
    const fields = [...answer.querySelectorAll("input")];
    const total = fields.pop();
    return total.value !== "" || (fields.length > 0 && fields.every((field) => field.value !== ""));
  });
  return `${done.length} of ${answers.length} marked` + (unsaved ? ", not saved yet" : "");
}

form.addEventListener("input", (event) => {
  unsaved = true;
  event.target.toggleAttribute("aria-invalid", !event.target.checkValidity());
  state.textContent = count();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("save").addEventListener("click", () => {
  const wrong = form.querySelector(":invalid");
  if (wrong) {
    wrong.focus();
    state.textContent = "One field holds no whole number in its range.";
    return;
  }
  const table = [JSON.parse(form.dataset.columns), ...rows()].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", table], { type: "text/csv" }));
  link.download = `marks_${form.dataset.name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
  unsaved = false;
  state.textContent = count() + ", saved";
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
state.textContent = count();
