"use strict";
/* What the page of a report and that of a fleet share: messages, copying, sorting a table. */
const parts = (() => {
  const find = (id) => document.getElementById(id);
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
  const sortable = (table, lines) => table.tHead.addEventListener("click", (event) => {
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
  return { find, say, put, sortable };
})();
