"use strict";
// paper cannot be unfolded
window.addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.on-paper")) fold.open = true;
});

(() => {
  const holder = document.getElementById("slider-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const form = document.querySelector("form.slider");
  const claim = document.getElementById("slider-claim");
  const parameter = document.getElementById("slider-parameter");
  const stop = document.getElementById("slider-stop");
  const told = document.getElementById("slider-told");
  const chart = form.querySelector(".chart");
  const words = (x) => (x === null ? "–" : String(Number(x.toPrecision(3))));
  const plain = (name) => name.replaceAll("_", " ");
  const option = (value, text) => {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  };
  const points = () => data.claims[claim.value].along[parameter.value];
  let at = 0; // the stop that is shown
  let held = false; // a pointer drags the thumb

  const drawn = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // its unit as well where there is room
  function axis(width) {
    const words = plain(parameter.value), unit = data.parameters[parameter.value].unit;
    return unit && words.length + unit.length < width / 14 ? `${words} (${unit})` : words;
  }

  // left and right are those of the bar in style.css, so that its stops stand above the chart's points
  function draw(own, used) {
    const width = Math.max(280, chart.clientWidth), height = 210, left = 56, right = 16, top = 38, bottom = 38;
    const numbers = own.flatMap((p) => [p[2], p[3], p[4]]).filter((x) => x !== null);
    chart.replaceChildren();
    if (!numbers.length) return;
    const low = Math.min(0, ...numbers), high = Math.max(0, ...numbers), spread = high - low || 1;
    const first = own[0][0], span = own[own.length - 1][0] - first || 1;
    const x = (value) => left + ((width - left - right) * (value - first)) / span;
    const y = (value) => top + ((height - top - bottom) * (high - value)) / spread;
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}` });
    svg.append(drawn("line", { x1: left, x2: width - right, y1: y(0), y2: y(0), stroke: "#1a1a1a", "stroke-dasharray": "4 3" }));
    svg.append(drawn("text", { x: left - 12, y: y(0) + 4, "text-anchor": "end", "font-size": 13, fill: "#1a1a1a" }, "0"));
    for (const end of [low, high]) {
      if (Math.abs(y(end) - y(0)) > 16) {
        svg.append(drawn("text", { x: left - 12, y: y(end) + 4, "text-anchor": "end", "font-size": 13, fill: "#4a4a4a" }, words(end)));
      }
    }
    svg.append(drawn("line", { x1: x(used), x2: x(used), y1: top, y2: height - bottom, stroke: "#767676", "stroke-dasharray": "1 3" }));
    svg.append(drawn("text", { x: Math.min(width - right, Math.max(left, x(used))), y: top - 6, "text-anchor": "middle", "font-size": 13, fill: "#4a4a4a" }, "in use"));
    const units = [...new Set(own.map((p) => p[5]).filter((unit) => unit))];
    const what = units.length === 1 ? `margin, ${units[0]}` : "margin";
    svg.append(drawn("text", { x: 2, y: 12, "font-size": 13, fill: "#4a4a4a" }, what));
    const line = own.filter((p) => p[2] !== null).map((p) => `${x(p[0])},${y(p[2])}`).join(" ");
    svg.append(drawn("polyline", { points: line, fill: "none", stroke: "#767676" }));
    own.forEach((p, k) => {
      svg.append(drawn("line", { x1: x(p[0]), x2: x(p[0]), y1: height - bottom + 2, y2: height - bottom + 8, stroke: "#1a1a1a" }));
      if (p[3] !== null && p[4] !== null) {
        svg.append(drawn("line", { x1: x(p[0]), x2: x(p[0]), y1: y(p[3]), y2: y(p[4]), stroke: "#767676", "stroke-width": 2 }));
      }
      if (p[2] === null) return;
      const fill = p[1] === "holds" ? "#00563a" : p[1] === "fails" ? "#fff" : "#a8a8a8";
      svg.append(drawn("circle", { cx: x(p[0]), cy: y(p[2]), r: k === at ? 9 : 5, fill, stroke: "#1a1a1a", "stroke-width": k === at ? 3 : 1.5 }));
    });
    svg.append(drawn("text", { x: left, y: height - 8, "font-size": 13, fill: "#4a4a4a" }, words(first)));
    svg.append(drawn("text", { x: width - right, y: height - 8, "text-anchor": "end", "font-size": 13, fill: "#4a4a4a" }, words(first + span)));
    svg.append(drawn("text", { x: (left + width) / 2, y: height - 8, "text-anchor": "middle", "font-size": 13, fill: "#4a4a4a" }, axis(width)));
    chart.append(svg);
  }

  function tell() {
    const own = points(), [value, verdict, margin, low, high, unit] = own[at];
    const known = data.parameters[parameter.value];
    const between = low !== null && high !== null && words(low) !== words(high) ? `${words(low)} to ${words(high)}` : "";
    const notes = [unit, between].filter((note) => note).join("; ");
    const bounds = notes ? ` (${notes})` : "";
    const gap = margin === null && low === null ? "" : `, margin ${words(margin)}${bounds}`;
    const use = value === known.value ? ", as in use" : ` (in use: ${words(known.value)})`;
    const setting = `${plain(parameter.value)} = ${words(value)} ${known.unit}${use}`;
    const badge = document.createElement("span");
    badge.className = `verdict ${verdict}`;
    badge.textContent = `${data.signs[verdict]} ${verdict}`;
    told.replaceChildren(badge, document.createTextNode(` ${setting}${gap}.`));
    stop.setAttribute("aria-valuetext", `${words(value)}: ${verdict}`);
    draw(own, known.value);
  }

  function go(k) {
    at = Math.min(points().length - 1, Math.max(0, k));
    stop.value = points()[at][0];
    tell();
  }

  // The bar is to scale: a pointer goes to the nearest stop; a step by other means, however small, to the next one.
  function follow() {
    const own = points(), value = Number(stop.value);
    const near = own.reduce((best, p, k) => (Math.abs(p[0] - value) < Math.abs(own[best][0] - value) ? k : best), 0);
    go(held || near !== at ? near : at + Math.sign(value - own[at][0]));
  }

  const keys = { ArrowRight: 1, ArrowUp: 1, PageUp: 3, End: Infinity, ArrowLeft: -1, ArrowDown: -1, PageDown: -3, Home: -Infinity };
  function step(event) {
    if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(at + keys[event.key]);
  }

  function chooseParameter() {
    const own = points(), used = data.parameters[parameter.value].value;
    stop.min = own[0][0];
    stop.max = own[own.length - 1][0];
    go(own.findIndex((p) => p[0] === used));
  }

  function chooseClaim(wanted) {
    const names = Object.keys(data.claims[claim.value].along);
    parameter.replaceChildren(...names.map((name) => option(name, plain(name))));
    if (names.includes(wanted)) parameter.value = wanted;
    chooseParameter();
  }

  claim.append(...Object.entries(data.claims).map(([name, own]) => option(name, `${name}: ${own.says}`)));
  claim.addEventListener("change", () => chooseClaim(parameter.value));
  parameter.addEventListener("change", chooseParameter);
  stop.addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "change", "blur"]) stop.addEventListener(end, () => { held = false; });
  stop.addEventListener("input", follow);
  stop.addEventListener("keydown", step);
  window.addEventListener("resize", tell);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  claim.value = data.first[0];
  chooseClaim(data.first[1]);
})();
