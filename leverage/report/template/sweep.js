"use strict";
(() => {
  const holder = document.getElementById("sweep-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const form = document.querySelector("form.slider");
  const number = document.getElementById("sweep-number");
  const axes = document.getElementById("sweep-axes");
  const told = document.getElementById("sweep-told");
  const chart = form.querySelector(".chart");
  const all = document.getElementById("sweep-all");
  const width = data.axes.length;
  const words = (x) => (x === null ? "–" : typeof x === "number" ? String(Number(x.toPrecision(4))) : x);
  const made = (tag, attributes = {}, text) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    if (text !== undefined) one.textContent = text;
    return one;
  };
  const drawn = (tag, attributes, text) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    if (text !== undefined) one.textContent = text;
    return one;
  };
  const columns = data.columns.map((column, k) => ({ ...column, k }));
  const numbers = columns.filter((column) => column.kind === "number");
  const shownNumber = () => numbers[Number(number.value)];

  // --- where we are: a stop on each axis of a grid; of a sample an axis and a place in the order along it
  const stops = data.axes.map(() => 0);
  let along = 0;
  let order = data.rows.map((_, k) => k);

  const ravel = (at) => data.axes.reduce((row, axis, k) => row * axis.values.length + at[k], 0);
  const here = () => (data.gridded ? ravel(stops) : order[stops[0]]);
  // the points that the chart shows, in order along the axis
  function line() {
    if (!data.gridded) return order;
    return data.axes[along].values.map((_, k) => ravel(stops.map((stop, j) => (j === along ? k : stop))));
  }

  function draw() {
    const wide = Math.max(280, chart.clientWidth), height = 220, left = 56, right = 16, top = 14, bottom = 38;
    chart.replaceChildren();
    if (!numbers.length) return;
    const column = width + shownNumber().k, rows = line(), axis = data.axes[along];
    const known = rows.filter((row) => data.rows[row][column] !== null);
    if (!known.length) return;
    const ends = (pick, from) => {
      const values = from.map(pick), low = Math.min(...values), high = Math.max(...values);
      return low === high ? [low - 1, high + 1] : [low, high];
    };
    const valueX = (row) => data.rows[row][along], valueY = (row) => data.rows[row][column];
    const [firstX, lastX] = ends(valueX, rows), [low, high] = ends(valueY, data.gridded ? data.rows.map((_, k) => k).filter((k) => data.rows[k][column] !== null) : known);
    const x = (row) => left + ((wide - left - right) * (valueX(row) - firstX)) / (lastX - firstX);
    const y = (row) => top + ((height - top - bottom) * (high - valueY(row))) / (high - low);
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${height}` });
    const label = { "font-size": 13, fill: "#4a4a4a" };
    for (const [value, at] of [[low, height - bottom], [high, top]]) {
      svg.append(drawn("line", { x1: left, x2: wide - right, y1: at, y2: at, stroke: "#c9c9c9" }));
      svg.append(drawn("text", { ...label, x: left - 8, y: at + 4, "text-anchor": "end" }, words(value)));
    }
    if (data.gridded) {
      svg.append(drawn("polyline", { points: known.map((row) => `${x(row)},${y(row)}`).join(" "), fill: "none", stroke: "#767676" }));
    }
    const now = here();
    for (const row of known.filter((one) => one !== now).concat(known.includes(now) ? [now] : [])) {
      const big = row === now;
      svg.append(drawn("circle", { cx: x(row), cy: y(row), r: big ? 8 : data.gridded ? 4 : 2.5, fill: big ? "#0b4f8a" : "#767676", stroke: big ? "#1a1a1a" : "none", "stroke-width": 2 }));
    }
    svg.append(drawn("text", { ...label, x: left, y: height - 8 }, words(firstX)));
    svg.append(drawn("text", { ...label, x: wide - right, y: height - 8, "text-anchor": "end" }, words(lastX)));
    svg.append(drawn("text", { ...label, x: (left + wide) / 2, y: height - 8, "text-anchor": "middle" }, axis.unit && wide > 480 ? `${axis.words} (${axis.unit})` : axis.words));
    chart.append(svg);
  }

  function tell() {
    const row = data.rows[here()];
    const where = data.axes.slice(0, 4).map((axis, k) => `${axis.words} ${words(row[k])}`).join(", ");
    const more = width > 4 ? `, and ${width - 4} more` : "";
    if (numbers.length) {
      const column = shownNumber();
      told.textContent = `${words(row[width + column.k])} ${row[width + column.k] === null ? "" : column.unit} at ${where}${more}.`;
    } else {
      told.textContent = `At ${where}${more}.`;
    }
    const body = all.querySelector("tbody");
    body.replaceChildren();
    const parameters = data.gridded ? [] : data.axes.map((axis, k) => [axis.words, words(row[k]), axis.unit]);
    const answers = columns.map((column) => [column.words, words(row[width + column.k]), column.kind === "number" ? column.unit : ""]);
    for (const [name, value, unit] of [...answers, ...parameters]) {
      const line = made("tr");
      line.append(made("th", { scope: "row" }, name), made("td", { class: "figure" }, unit ? `${value} ${unit}` : value));
      body.append(line);
    }
    draw();
  }

  function slider(id, text, count, moved) {
    const label = made("label", { for: id });
    const input = made("input", { id, type: "range", min: 0, max: count - 1, step: 1, value: 0 });
    input.addEventListener("input", () => moved(Number(input.value), input));
    label.append(made("span", {}, text), input);
    axes.append(label);
    return input;
  }

  function say(input, value, unit) {
    input.setAttribute("aria-valuetext", `${words(value)} ${unit}`.trim());
  }

  function gridSliders() {
    data.axes.forEach((axis, k) => {
      if (axis.values.length < 2) return;
      const text = axis.unit ? `${axis.words}, ${axis.unit}` : axis.words;
      const input = slider(`sweep-axis-${k}`, text, axis.values.length, (stop, own) => {
        stops[k] = stop;
        along = k;
        say(own, axis.values[stop], axis.unit);
        tell();
      });
      stops[k] = Math.floor(axis.values.length / 2);
      input.value = stops[k];
      say(input, axis.values[stops[k]], axis.unit);
    });
    along = data.axes.findIndex((axis) => axis.values.length > 1);
    if (along < 0) along = 0;
  }

  function sampleSliders() {
    const label = made("label", { for: "sweep-along" });
    const choice = made("select", { id: "sweep-along" });
    data.axes.forEach((axis, k) => choice.append(made("option", { value: k }, axis.words)));
    label.append(made("span", {}, "In the order of"), choice);
    axes.append(label);
    const input = slider("sweep-point", "Point", data.rows.length, (stop, own) => {
      stops[0] = stop;
      say(own, data.rows[here()][along], data.axes[along].unit);
      tell();
    });
    const sort = () => {
      const now = here();
      along = Number(choice.value);
      order = data.rows.map((_, k) => k).sort((a, b) => data.rows[a][along] - data.rows[b][along] || a - b);
      stops[0] = order.indexOf(now);
      input.value = stops[0];
      say(input, data.rows[now][along], data.axes[along].unit);
      tell();
    };
    choice.addEventListener("change", sort);
    sort();
  }

  numbers.forEach((column, k) => number.append(made("option", { value: k }, column.unit ? `${column.words}, ${column.unit}` : column.words)));
  if (!numbers.length) number.parentElement.hidden = true;
  number.addEventListener("change", tell);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  all.hidden = false;
  if (data.gridded) gridSliders(); else sampleSliders();
  window.addEventListener("resize", draw);
  tell();
})();
