"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  document.body.classList.add("on");
  const say = (text) => {
    find("status").textContent = text;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { find("status").textContent = ""; }, 2500);
  };
  const put = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.setAttribute("aria-hidden", "true");
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say("Copied");
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) put(button.parentElement.querySelector("code").textContent);
  });

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
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th[data-kind]");
    if (!head) return;
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (line) => line.cells[head.cellIndex].getAttribute("data-v");
    const order = head.getAttribute("data-kind") === "num" ? (a, b) => value(a) - value(b)
      : (a, b) => value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
    table.tBodies[0].append(...lines.sort((a, b) => up ? order(a, b) : order(b, a)));
  });
})();
