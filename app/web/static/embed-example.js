// What a clinic's own code does with the decision.
document.addEventListener("triage-decision", (event) => {
  document.querySelector("output").textContent = JSON.stringify(event.detail, null, 2);
});
document.addEventListener("triage-error", (event) => {
  document.querySelector("output").textContent = JSON.stringify(event.detail, null, 2);
});
