(() => {
  const body = document.body;
  const { find, say, put, sortable } = parts;
  const data = JSON.parse(find("data").textContent);
  const rows = data.objects.rows, strings = data.objects.strings;
  const KIND = 0, ID = 1, NAMES = 2, STORE = 3, PATH = 4, WHERE = 5, LINK = 6, NEEDS = 7, OWN = 8, MAPPED = 9, FOUND = 10, STATE = 11;
  const SVG = "http://www.w3.org/2000/svg";
  body.classList.add("on");

  const make = (name, attributes, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    node.append(...children.filter((child) => child !== null));
    return node;
  };
  const draw = (name, attributes, ...children) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  /* objects */

  const kind = (n) => data.kinds[rows[n][KIND]];
  const label = (n) => rows[n][NAMES][0] || rows[n][ID].slice(0, 12);
  const path = (n) => typeof rows[n][PATH] === "number" ? strings[rows[n][PATH]] + rows[n][ID] : rows[n][PATH];
  const users = new Map();
  rows.forEach((row, n) => new Set([row[NEEDS], row[OWN], ...row[MAPPED]]).forEach((used) => {
    if (used >= 0) users.has(used) ? users.get(used).push(n) : users.set(used, [n]);
  }));
  const chain = (n) => {
    const seen = new Set();
    while (n >= 0 && !seen.has(n)) { seen.add(n); n = rows[n][NEEDS]; }
    return [...seen];
  };
  const raw = (n) => {
    const row = data.raw.rows[n];
    if (!row) return null;
    if (row.text) return row.text.join("\n");
    const made = Object.create(null);
    data.raw.shapes[row[0]].forEach((key, i) => {
      const value = row[i + 1];
      made[key] = Array.isArray(value) ? rows[value[0]][ID] : value && typeof value === "object" ? value.j : value;
    });
    return JSON.stringify(made, null, 1);
  };

  /* details */

  const panel = find("panel");
  let before = null;
  const link = (n) => {
    const word = data.states[rows[n][STATE]];
    const button = make("button", { type: "button", class: "go" }, `${kind(n)} ${label(n)}`);
    button.addEventListener("click", () => show([n]));
    return make("li", {}, button, word[0] === "fine" ? "" : ` (${word[1]})`);
  };
  const list = (name, title, numbers, limit) => numbers.length ? make("div", {},
    make("h4", {}, title), make(name, {}, ...numbers.slice(0, limit).map(link),
      numbers.length > limit ? make("li", {}, `and ${numbers.length - limit} more`) : null)) : null;
  const pairs = (facts) => make("dl", { class: "pair" }, ...facts.flatMap(([name, value]) =>
    value ? [make("dt", {}, name), make("dd", {}, make("code", {}, value))] : []));

  const details = (n) => {
    const row = rows[n];
    const where = row[WHERE] ? `${strings[row[WHERE][0]]} ${row[WHERE][1]} (byte ${row[WHERE][2]})` : "";
    const text = raw(n);
    const copy = make("button", { type: "button" }, "Copy id");
    copy.addEventListener("click", () => put(row[ID]));
    const see = make("button", { type: "button" }, "Show in the store");
    see.addEventListener("click", () => { close(); whole.reveal(n); });
    const found = row[FOUND] ? row[FOUND].split(" ") : [];
    return [
      make("p", {}, copy, " ", see),
      pairs([["id", row[ID]], ["state", data.states[row[STATE]][1]], ["names", row[NAMES].join(", ")],
        ["store", strings[row[STORE]]], ["record", where || "none in this bundle"], ["directory", path(n)], ["link", row[LINK]]]),
      found.length ? make("div", {}, make("h4", {}, "Findings"), make("p", {}, ...found.slice(0, 200).flatMap((id) =>
        [make("a", { href: `#${id}` }, id), " "]))) : null,
      list("ol", "Stands on, nearest first", chain(n).slice(1), 200),
      row[OWN] >= 0 && row[OWN] !== row[NEEDS] ? list("ul", "Its own read-write layer", [row[OWN]], 1) : null,
      list("ul", "Needed by", users.get(n) || [], 100),
      make("h4", {}, "Record as found"),
      text === null ? make("p", { class: "quiet" }, row[WHERE] ? "Left out of this page for its size." : "There is none.")
        : make("pre", { tabindex: "0" }, text),
    ];
  };
  const show = (numbers) => {
    if (panel.hidden) before = document.activeElement;
    const one = numbers.length === 1;
    find("panel-title").textContent = one ? `${kind(numbers[0])} ${label(numbers[0])}` : `${numbers.length} objects folded here`;
    find("panel-body").replaceChildren(...(one ? details(numbers[0]) : [list("ul", "All of them", numbers, 400)]).filter(Boolean));
    panel.hidden = false;
    panel.scrollTop = 0;
    find("panel-title").focus();
    document.querySelectorAll(".chosen").forEach((node) => node.classList.remove("chosen"));
    document.querySelectorAll(`.box[data-n="${numbers.join(" ")}"]`).forEach((node) => node.classList.add("chosen"));
  };
  const close = () => {
    if (panel.hidden) return;
    panel.hidden = true;
    if (before && before.isConnected) before.focus();
  };
  find("panel-close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); hits.hidden = true; } });
  panel.addEventListener("click", (event) => { if (event.target.closest("a[href^='#']")) panel.hidden = true; });

  const numbersOf = (node) => node.getAttribute("data-n").split(" ").map(Number);
  const wake = (box) => { box.setAttribute("role", "button"); box.setAttribute("tabindex", "0"); };
  document.querySelectorAll(".picture .box[data-n]").forEach(wake);
  document.querySelectorAll(".picture .scroll").forEach((frame) => {
    const broken = frame.querySelector(".s-broken, .s-missing");
    if (!broken) return;
    const inside = frame.getBoundingClientRect(), box = broken.getBoundingClientRect();
    frame.scrollLeft = box.right - inside.left - frame.clientWidth + 12;
    frame.scrollTop = box.top - inside.top - frame.clientHeight / 2;
  });
  document.addEventListener("click", (event) => {
    const node = event.target.closest("[data-n]");
    if (node) show(numbersOf(node));
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target.closest && event.target.closest(".box[data-n]");
    if (node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); show(numbersOf(node)); }
  });

  /* print, theme */

  find("print").addEventListener("click", () => window.print());
  const themes = ["", "dark", "light"];
  find("theme").addEventListener("click", () => {
    const now = themes.findIndex((name) => name && body.classList.contains(name));
    const next = themes[(Math.max(now, 0) + 1) % 3];
    body.classList.remove("dark", "light");
    if (next) body.classList.add(next);
    say(next ? `Theme: ${next}` : "Theme: as the system");
  });
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    opened.forEach((node) => { node.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((node) => { node.open = false; }));
  const openTarget = () => {
    const node = location.hash.length > 1 && find(decodeURIComponent(location.hash.slice(1)));
    for (let at = node; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (node && node.hidden) { node.hidden = false; }
    if (node) node.scrollIntoView();
  };
  window.addEventListener("hashchange", openTarget);

  /* findings */

  const table = find("found");
  if (table) {
    const lines = [...table.tBodies[0].rows], MOST = 1000;
    const words = new Map(lines.map((line) => [line, line.textContent.toLowerCase()]));
    const rest = data.findings, texts = rest.map((row) => row.join(" ").toLowerCase());
    const further = table.createTBody();
    const built = ([id, severity, rule, slug, what, name, n, message, cause]) => make("tr", { id, "data-level": severity },
      make("td", {}, make("a", { href: `#${id}` }, id)), make("td", {}, make("span", { class: `chip sev-${severity}` }, severity)),
      make("td", {}, make("a", { href: `#rule-${rule}` }, rule), make("div", { class: "quiet" }, slug)),
      make("td", {}, make("div", { class: "about" }, `${what} `, n < 0 ? make("code", {}, name)
        : make("button", { type: "button", class: "go", "data-n": n }, name)), make("div", {}, message)),
      make("td", {}, cause ? make("a", { href: `#cause-${cause}` }, cause) : "-"));
    const filter = () => {
      const wanted = find("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      const levels = new Set([...document.querySelectorAll(".level:checked")].map((box) => box.value));
      const fits = (level, text) => levels.has(level) && wanted.every((word) => text.includes(word));
      let count = 0;
      for (const line of lines) {
        const on = fits(line.getAttribute("data-level"), words.get(line));
        line.hidden = !on;
        count += on;
      }
      const shown = count, found = [];
      rest.forEach((row, i) => { if (fits(row[1], texts[i])) { count++; if (shown + found.length < MOST) found.push(row); } });
      further.replaceChildren(...found.map(built));
      const total = lines.length + rest.length, drawn = shown + found.length;
      find("matched").textContent = drawn < count ? `${count} of ${total} match, the first ${drawn} shown` : `${count} of ${total} shown`;
    };
    find("filter").addEventListener("input", filter);
    document.querySelectorAll(".level").forEach((box) => box.addEventListener("change", filter));
    filter();
    sortable(table, lines);
  }

  /* search */

  const hits = find("hits"), query = find("q");
  const search = () => {
    const wanted = query.value.trim().toLowerCase();
    hits.replaceChildren();
    hits.hidden = wanted.length < 2;
    if (hits.hidden) return;
    const found = [];
    for (let n = 0; n < rows.length && found.length < 40; n++) {
      const row = rows[n];
      if (row[ID].startsWith(wanted) || row[LINK].toLowerCase() === wanted || row[NAMES].some((name) => name.toLowerCase().includes(wanted))
        || (wanted.length > 3 && path(n).toLowerCase().includes(wanted))) found.push(n);
    }
    for (const n of found) {
      const button = make("button", { type: "button" }, make("strong", {}, `${kind(n)} ${label(n)}`), ` ${rows[n][ID].slice(0, 12)} · ${data.states[rows[n][STATE]][1]}`);
      button.addEventListener("click", () => { hits.hidden = true; show([n]); });
      hits.append(make("li", {}, button));
    }
    if (!found.length) hits.append(make("li", { class: "quiet" }, "No layer, image or container matches."));
    if (found.length === 40) hits.append(make("li", { class: "quiet" }, "The first 40; type more to narrow it."));
  };
  query.addEventListener("input", search);
  query.addEventListener("focus", search);
  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); hits.querySelector("button")?.focus(); }
  });
  hits.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = [...hits.querySelectorAll("button")], at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (all[at] || query).focus();
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) hits.hidden = true; });

  /* the whole store: only what is in view is drawn */

  const whole = (() => {
    const boxes = data.scene.boxes, W = 216, H = 46, ACROSS = 250, DOWN = 57, FEW = 400;
    const box = { kind: 0, column: 1, row: 2, needs: 3, state: 4, members: 5, note: 6 };
    const at = (b) => [b[box.column] * ACROSS, b[box.row] / 2 * DOWN];
    const size = [Math.max(data.scene.columns * ACROSS, W), Math.max(data.scene.rows * DOWN, H)];
    const order = boxes.map((_, i) => i).sort((a, b) => boxes[a][box.row] - boxes[b][box.row]);
    const boxOf = new Map();
    boxes.forEach((b, i) => [].concat(b[box.members]).forEach((n) => boxOf.set(n, i)));
    let svg = null, view = null, edges, nodes, waiting = false;
    const fit = (text, letters) => {
      const tail = Math.floor((letters - 1) / 2);
      return text.length > letters ? text.slice(0, letters - 1 - tail) + "…" + text.slice(-tail) : text;
    };

    const start = () => {
      if (svg) return;
      find("draw").parentElement.hidden = true;
      const hand = make("div", { class: "hand" });
      for (const [name, act] of [["Zoom in", () => zoom(0.7)], ["Zoom out", () => zoom(1 / 0.7)], ["All", all], ["Worst", worst]]) {
        const button = make("button", { type: "button" }, name);
        button.addEventListener("click", act);
        hand.append(button);
      }
      hand.append(make("span", { class: "quiet" }, "Drag to move, wheel or + and − to zoom, arrows to pan."));
      edges = draw("g", { class: "edges" });
      nodes = draw("g", { class: "boxes" });
      svg = draw("svg", { class: "graph", role: "group", tabindex: "0", "aria-label": `The whole store, ${rows.length} objects` }, edges, nodes);
      find("whole").replaceChildren(hand, svg);
      find("whole").hidden = false;
      svg.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, event); }, { passive: false });
      svg.addEventListener("pointerdown", grab);
      svg.addEventListener("keydown", keys);
      new ResizeObserver(paint).observe(svg);
      view = { x: -20, y: -20, w: svg.clientWidth };
      first();
    };
    const high = () => view.w * svg.clientHeight / svg.clientWidth;
    const all = () => { view = { x: -20, y: -20, w: Math.max(size[0] + 40, (size[1] + 40) * svg.clientWidth / svg.clientHeight) }; paint(); };
    const centre = (i) => {
      const [x, y] = at(boxes[i]);
      view.w = Math.max(svg.clientWidth, 900);
      view.x = x + W / 2 - view.w * 0.6;
      view.y = y + H / 2 - high() / 2;
      paint();
    };
    const first = () => { all(); if (view.w > svg.clientWidth * 1.6) worst(); };
    const worst = () => {
      const bad = boxes.findIndex((b) => ["broken", "missing"].includes(data.states[b[box.state]][0]));
      if (bad >= 0) centre(bad); else { view = { x: -20, y: -20, w: Math.max(svg.clientWidth, 700) }; paint(); }
    };
    const zoom = (factor, event) => {
      const frame = svg.getBoundingClientRect();
      const px = event ? (event.clientX - frame.left) / frame.width : 0.5, py = event ? (event.clientY - frame.top) / frame.height : 0.5;
      const w = Math.min(Math.max(view.w * factor, 250), Math.max(size[0], size[1] * 3) * 2 + 2000), h = w * svg.clientHeight / svg.clientWidth;
      view = { x: view.x + (view.w - w) * px, y: view.y + (high() - h) * py, w };
      paint();
    };
    const grab = (event) => {
      const from = { x: event.clientX, y: event.clientY, vx: view.x, vy: view.y };
      let moved = false;
      const move = (e) => {
        const scale = view.w / svg.clientWidth;
        if (!moved && Math.hypot(e.clientX - from.x, e.clientY - from.y) < 4) return;
        moved = true;
        view.x = from.vx - (e.clientX - from.x) * scale;
        view.y = from.vy - (e.clientY - from.y) * scale;
        paint();
      };
      const drop = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", drop);
        if (moved) svg.addEventListener("click", (e) => e.stopPropagation(), { capture: true, once: true });
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", drop);
    };
    const keys = (event) => {
      const step = view.w / 8;
      const act = { ArrowLeft: () => { view.x -= step; }, ArrowRight: () => { view.x += step; }, ArrowUp: () => { view.y -= step; },
        ArrowDown: () => { view.y += step; }, "+": () => zoom(0.7), "-": () => zoom(1 / 0.7), Home: all }[event.key];
      if (act) { event.preventDefault(); act(); paint(); }
    };

    const paint = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; render(); });
    };
    const render = () => {
      if (!svg.clientWidth) return;
      const h = high();
      svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${h}`);
      const seen = (i) => { const [x, y] = at(boxes[i]); return y + H > view.y && y < view.y + h && x + W > view.x && x < view.x + view.w; };
      let low = 0, end = order.length;
      const top = (view.y - H) / DOWN * 2;
      while (low < end) { const mid = (low + end) >> 1; boxes[order[mid]][box.row] < top ? low = mid + 1 : end = mid; }
      const inside = [];
      for (let k = low; k < order.length && at(boxes[order[k]])[1] < view.y + h; k++) if (seen(order[k])) inside.push(order[k]);
      const held = document.activeElement && nodes.contains(document.activeElement) ? document.activeElement.getAttribute("data-n") : null;
      if (inside.length > FEW || view.w / svg.clientWidth > 3.2) far(inside); else near(inside);
      if (held) nodes.querySelector(`[data-n="${held}"]`)?.focus({ preventScroll: true });
    };
    const far = (inside) => {
      const runs = new Map();
      for (const i of inside) {
        const [x, y] = at(boxes[i]), state = data.states[boxes[i][box.state]][0];
        runs.set(state, (runs.get(state) || "") + `M${x} ${y}h${W}v${H}h${-W}z`);
      }
      const stroke = Math.max(view.w / svg.clientWidth, 1);
      edges.replaceChildren(draw("path", { class: "edge", d: inside.slice(0, 6000).map((i) => curve(boxes[i])).join("") }));
      nodes.replaceChildren(...[...runs].map(([state, d]) => draw("path", { class: `far s-${state}`, d,
        ...(state === "broken" || state === "missing" ? { "stroke-width": stroke * 3 } : {}) })));
    };
    const curve = (b) => {
      if (b[box.needs] < 0) return "";
      const [x1, y1] = at(b), [x2, y2] = at(boxes[b[box.needs]]), bend = 17;
      const from = y1 + H / 2, to = y2 + H / 2;
      return `M${x1 + W} ${from}H${x2 - bend * 2}C${x2 - bend} ${from} ${x2 - bend} ${to} ${x2} ${to}`;
    };
    const near = (inside) => {
      const lines = new Map();
      const drawn = new Set(inside);
      for (const [i, b] of boxes.entries()) {
        if (b[box.needs] < 0 || !(drawn.has(i) || drawn.has(b[box.needs]))) continue;
        const state = data.states[boxes[b[box.needs]][box.state]][0], own = data.states[b[box.state]][0];
        const name = state === "broken" || state === "missing" ? "to-break" : `from-${own}`;
        lines.set(name, (lines.get(name) || "") + curve(b));
      }
      const bows = data.scene.extra.filter(([one, other]) => drawn.has(one) || drawn.has(other)).map(([one, other, what]) => {
        const [x1, y1] = at(boxes[one]), [x2, y2] = at(boxes[other]), low = Math.max(y1, y2) + H + 24;
        return draw("path", { class: `edge ${what}`, d: `M${x1 + W / 2} ${y1 + H}C${x1 + W / 2} ${low} ${x2 + W / 2} ${low} ${x2 + W / 2} ${y2 + H}` });
      });
      edges.replaceChildren(...[...lines].map(([name, d]) => draw("path", { class: `edge ${name}`, d })), ...bows);
      nodes.replaceChildren(...inside.map((i) => {
        const b = boxes[i], [x, y] = at(b), members = [].concat(b[box.members]), name = data.kinds[b[box.kind]];
        const state = data.states[b[box.state]], marked = state[0] === "broken" || state[0] === "missing";
        const text = members.length > 1 ? `${members.length} layers` : label(members[0]);
        const note = b[box.note] || state[1];
        const node = draw("g", { class: `box k-${name} s-${state[0]}`, transform: `translate(${x} ${y})`, "data-n": members.join(" ") },
          draw("title", {}, `${name} ${text}: ${note}`));
        if (name === "fold") node.append(draw("rect", { class: "back", x: 4, y: 4, width: W, height: H, rx: 7 }));
        node.append(draw("rect", { class: "body", width: W, height: H, rx: 7 }), draw("rect", { class: "bar", width: 5, height: H, rx: 2 }),
          draw("path", { class: "icon", transform: "translate(15 14)", d: data.icons[b[box.kind]] }),
          draw("text", { class: "label", x: 42, y: 20 }, fit(text, marked ? 19 : 22)), draw("text", { class: "note", x: 42, y: 36 }, note.slice(0, 26)));
        if (marked) node.append(draw("path", { class: "mark", d: `M${W - 20} 10l10 10m0 -10l-10 10` }));
        wake(node);
        return node;
      }));
    };
    find("draw").addEventListener("click", start);
    return {
      reveal: (n) => {
        start();
        find("store").scrollIntoView();
        const i = boxOf.get(n) ?? boxOf.get((users.get(n) || [])[0]);
        if (i === undefined) return;
        centre(i);
        requestAnimationFrame(() => requestAnimationFrame(() => {
          const node = nodes.querySelector(`[data-n="${[].concat(boxes[i][box.members]).join(" ")}"]`);
          if (node) { node.classList.add("chosen"); node.focus({ preventScroll: true }); }
        }));
      },
    };
  })();
  openTarget();
})();
