// Moves each cutoff through rows that were printed beforehand: nothing is computed here, so that no digit can differ.
"use strict";
const stages = JSON.parse(document.getElementById("what-if-rows").textContent);
for (const [number, stage] of stages.entries()) {
  const block = document.getElementById(`what-if-${number + 1}`);
  const slider = block.querySelector("input");
  const said = block.querySelector("output");
  const cells = block.querySelectorAll("[data-cell]");
  const drawn = block.querySelectorAll("svg");
  const show = () => {
    const row = stage.rows[slider.value];
    said.textContent = row.said;
    slider.setAttribute("aria-valuetext", row.valuetext);
    cells.forEach((cell, i) => { cell.textContent = row.cells[i]; });
    drawn.forEach((svg, i) => {
      svg.querySelector(".here").setAttribute("transform", `translate(${row.across} 0)`);
      const dot = svg.querySelector(".dot");
      dot.style.display = row.heights[i] === null ? "none" : "";
      dot.setAttribute("transform", `translate(${row.across} ${row.heights[i] ?? 0})`);
    });
  };
  slider.addEventListener("input", show);
  block.querySelector("button")?.addEventListener("click", () => {
    slider.value = stage.start;
    show();
    slider.focus();
  });
  slider.value = stage.start;
  block.querySelectorAll("[hidden]").forEach((part) => { part.hidden = false; });
  show();
}
document.querySelectorAll("details.without-script").forEach((details) => { details.open = false; });
