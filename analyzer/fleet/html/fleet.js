(() => {
  const { find, put, sortable } = parts;
  document.body.classList.add("on");

  const table = find("listing"), lines = [...table.tBodies[0].rows];
  const words = new Map(lines.map((line) => [line, line.textContent.toLowerCase()]));
  const filter = () => {
    const wanted = find("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = new Set([...document.querySelectorAll(".level:checked")].map((box) => box.value));
    let count = 0;
    for (const line of lines) {
      const on = levels.has(line.getAttribute("data-level")) && wanted.every((word) => words.get(line).includes(word));
      line.hidden = !on;
      count += on;
    }
    find("matched").textContent = `${count} of ${lines.length} shown`;
  };
  find("q").addEventListener("input", filter);
  document.querySelectorAll(".level").forEach((box) => box.addEventListener("change", filter));
  filter();
  find("copy-names").addEventListener("click", () => put([...table.tBodies[0].rows].filter((line) => !line.hidden)
    .map((line) => line.cells[0].textContent).join("\n")));
  sortable(table, lines);
})();
