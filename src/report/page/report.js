// Filters the rows of a table. Everything is readable without it, and nothing is written as markup.
"use strict";
document.documentElement.classList.add("js");
for (const field of document.querySelectorAll("input.find")) {
  const rows = document.getElementById(field.dataset.for).tBodies[0].rows;
  const texts = Array.from(rows, (row) => row.textContent.toLowerCase());
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (let i = 0; i < rows.length; ++i) rows[i].hidden = !words.every((word) => texts[i].includes(word));
  });
}
