"use strict";
// paper cannot be unfolded
window.addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.on-paper")) fold.open = true;
});

(() => {
  const holder = document.getElementById("sweep-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const form = document.querySelector("form.slider");
  const number = document.getElementById("sweep-number");
  const alongChoice = document.getElementById("sweep-along");
  const bars = document.getElementById("sweep-axes");
  const told = document.getElementById("sweep-told");
  const chart = form.querySelector(".chart");
  const all = document.getElementById("sweep-all");
  const width = data.axes.length;
  const gridded = data.kind === "grid";
  const columns = data.columns.map((column, k) => ({ ...column, at: width + k }));
  const answers = columns.filter((column) => column.what === "value" || column.what === "verdict");
  const numbers = answers.filter((column) => column.kind === "number");
  const moving = data.axes.map((_, k) => k).filter((k) => !gridded || data.axes[k].values.length > 1);

  const percent = (x) => {
    const parts = 100 * x;
    if (parts > 0 && parts < 0.05) return "<0.1%";
    if (parts > 99.95 && parts < 100) return ">99.9%";
    return `${Number(parts.toFixed(1))}%`;
  };
  const words = (x) => (x === null ? "–" : typeof x === "number" ? String(Number(x.toPrecision(4))) : x);
  // a number of a column as it is read, and its unit where that is not in it already
  const valueOf = (column, x) => (column.unit === "chance" && x !== null ? percent(x) : words(x));
  const unitOf = (column) => (column.unit === "chance" ? "" : column.unit);
  // the bounds of a number in a row, where there are any that differ
  const bounds = (column, one) => {
    if (column.low === undefined) return null;
    const [low, high] = [column.low, column.high].map((k) => data.rows[one][width + k]);
    return low === null || high === null || valueOf(column, low) === valueOf(column, high) ? null : [low, high];
  };
  // a number as it is read, with its unit and bounds
  const reading = (column, one, unit) => {
    const gap = bounds(column, one);
    if (gap && data.rows[one][column.at] === null) return [`${valueOf(column, gap[0])} to ${valueOf(column, gap[1])}`, unit].filter((part) => part).join(" ");
    const between = gap ? ` (${valueOf(column, gap[0])} to ${valueOf(column, gap[1])})` : "";
    return [valueOf(column, data.rows[one][column.at]), unit].filter((part) => part).join(" ") + between;
  };
  const named = (one) => (unitOf(one) ? `${one.words}, ${unitOf(one)}` : one.words);
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
  const badge = (verdict) => made("span", { class: `verdict ${verdict}` }, `${data.signs[verdict]} ${verdict}`);
  // a loop: there are more points than a call takes arguments
  const ends = (values) => values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);

  // --- where we are: of a grid a stop on each axis; else a row, and the rows in order along an assumption
  let along = moving.length ? moving[0] : 0;
  const stops = data.axes.map((axis) => (gridded ? Math.floor(axis.values.length / 2) : 0));
  let row = 0;
  let order = [];

  const ravel = (at) => data.axes.reduce((sum, axis, k) => sum * axis.values.length + at[k], 0);
  const unravel = (at) => {
    for (let k = width - 1; k >= 0; k -= 1) {
      stops[k] = at % data.axes[k].values.length;
      at = Math.floor(at / data.axes[k].values.length);
    }
  };
  const here = () => (gridded ? ravel(stops) : row);
  const shown = () => numbers[Number(number.value)];
  const lineAt = (at) => data.axes[along].values.map((_, k) => ravel(at.map((stop, j) => (j === along ? k : stop))));
  const sortAlong = () => {
    order = data.rows.map((_, k) => k).sort((a, b) => data.rows[a][along] - data.rows[b][along] || a - b);
  };

  // --- the chart: left and right are those of the bars in style.css, so that a thumb stands above its point
  let frame = null; // what stands still while a point moves along
  const LEFT = 56, RIGHT = 16, TOP = 22, BOTTOM = 28, HEIGHT = 240;
  const label = { "font-size": 13, fill: "#4a4a4a" };

  function scales() {
    const column = shown(), axis = data.axes[along], wide = Math.max(280, chart.clientWidth);
    const [first, last] = ends(data.rows.map((one) => one[along]));
    const drawnValues = data.rows.flatMap((one, k) => [one[column.at], ...(bounds(column, k) || [])]);
    let [low, high] = ends(drawnValues.filter((x) => x !== null));
    if (low > high) [low, high] = [0, 1];
    const same = low === high;
    const y = (x) => TOP + (HEIGHT - TOP - BOTTOM) * (same ? 0.5 : (high - x) / (high - low));
    const x = (value) => LEFT + (wide - LEFT - RIGHT) * (first === last ? 0.5 : (value - first) / (last - first));
    return { column, axis, wide, first, last, low, high, x, y };
  }

  const fillOf = (column, one) => {
    if (column.verdict === undefined) return "#767676";
    const verdict = data.rows[one][width + column.verdict];
    return verdict === "holds" ? "#00563a" : verdict === "fails" ? "#fff" : "#a8a8a8";
  };

  function curve(scale, rows, style) {
    const known = rows.filter((one) => data.rows[one][scale.column.at] !== null);
    const points = known.map((one) => `${scale.x(data.rows[one][along])},${scale.y(data.rows[one][scale.column.at])}`).join(" ");
    return drawn("polyline", { points, fill: "none", ...style });
  }

  // the curves at the other stops of a second assumption
  function others(scale) {
    const second = moving.filter((k) => k !== along);
    if (!gridded || second.length !== 1) return [];
    return data.axes[second[0]].values.map((_, k) => curve(scale, lineAt(stops.map((stop, j) => (j === second[0] ? k : stop))), { stroke: "#c9c9c9" }));
  }

  function axes(scale, svg) {
    const { wide, low, high, first, last, x, y, axis, column } = scale, bottom = HEIGHT - BOTTOM;
    for (const value of low === high ? [low] : [low, high]) {
      svg.append(drawn("line", { x1: LEFT, x2: wide - RIGHT, y1: y(value), y2: y(value), stroke: "#c9c9c9" }));
      svg.append(drawn("text", { ...label, x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, valueOf(column, value)));
    }
    if (low < 0 && high > 0) {
      svg.append(drawn("line", { x1: LEFT, x2: wide - RIGHT, y1: y(0), y2: y(0), stroke: "#1a1a1a", "stroke-dasharray": "4 3" }));
      if (Math.min(y(0) - y(high), y(low) - y(0)) > 16) svg.append(drawn("text", { ...label, x: LEFT - 8, y: y(0) + 4, "text-anchor": "end" }, "0"));
    }
    if (axis.used >= first && axis.used <= last) {
      const at = x(axis.used);
      svg.append(drawn("line", { x1: at, x2: at, y1: TOP, y2: bottom, stroke: "#767676", "stroke-dasharray": "1 3" }));
      svg.append(drawn("text", { ...label, x: Math.min(wide - RIGHT - 24, Math.max(LEFT, at)), y: 12, "text-anchor": "middle" }, "in use"));
    }
    svg.append(drawn("text", { ...label, x: LEFT, y: HEIGHT - 6 }, words(first)));
    if (last > first) svg.append(drawn("text", { ...label, x: wide - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, words(last)));
  }

  function draw() {
    chart.replaceChildren();
    frame = null;
    if (!numbers.length) return;
    const scale = scales(), { column, axis, wide, x, y } = scale;
    const svg = drawn("svg", { viewBox: `0 0 ${wide} ${HEIGHT}` });
    axes(scale, svg);
    const lines = others(scale);
    svg.append(...lines);
    const rows = gridded ? lineAt(stops) : order;
    if (data.kind !== "sample") svg.append(curve(scale, rows, { stroke: "#4a4a4a", "stroke-width": 1.5 }));
    for (const one of rows) {
      const [at, value] = [data.rows[one][along], data.rows[one][column.at]];
      const gap = data.kind === "sample" ? null : bounds(column, one);
      if (gap) svg.append(drawn("line", { x1: x(at), x2: x(at), y1: y(gap[0]), y2: y(gap[1]), stroke: "#767676", "stroke-width": 2 }));
      if (value === null) {
        svg.append(drawn("text", { ...label, x: x(at), y: HEIGHT - BOTTOM, "text-anchor": "middle" }, "×"));
      } else {
        svg.append(drawn("circle", { cx: x(at), cy: y(value), r: data.kind === "sample" ? 2.5 : 4, fill: fillOf(column, one), stroke: column.verdict === undefined ? "none" : "#1a1a1a" }));
      }
    }
    const unanswered = rows.some((one) => data.rows[one][column.at] === null);
    const notes = [
      lines.length ? "thin lines: at the other stops" : "",
      data.kind !== "sample" && rows.some((one) => bounds(column, one)) ? "bars: bounds" : "",
      unanswered ? "×: no number" : "",
      column.verdict === undefined ? "" : "filled: holds; white: fails; grey: neither",
    ].filter((note) => note);
    const below = [named(axis), ...notes].join("; ");
    chart.append(made("p", { class: "chart-head" }, named(column)), svg, made("p", { class: "chart-foot" }, below));
    frame = { svg, scale, mark: null };
    mark();
  }

  function mark() {
    if (!frame) return;
    const { svg, scale } = frame, one = here(), value = data.rows[one][scale.column.at];
    if (frame.mark) frame.mark.remove();
    frame.mark = drawn("g", {});
    const at = scale.x(data.rows[one][along]);
    frame.mark.append(drawn("line", { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM, stroke: "#0b4f8a" }));
    if (value !== null) {
      const fill = scale.column.verdict === undefined ? "#0b4f8a" : fillOf(scale.column, one);
      frame.mark.append(drawn("circle", { cx: at, cy: scale.y(value), r: 8, fill, stroke: "#1a1a1a", "stroke-width": 2.5 }));
    }
    svg.append(frame.mark);
  }

  // --- what is told of the point
  const isUsed = (axis, value) => words(value) === words(axis.used);

  function sentence(one) {
    const place = moving.length > 3 ? [along] : moving;
    const at = place.map((k) => `${data.axes[k].words} ${words(data.rows[one][k])}`);
    const more = moving.length > 3 ? `, point ${data.numbers[one]} of the tables` : "";
    const where = `at ${at.join(", ")}${more}${data.axes.every((axis, k) => isUsed(axis, data.rows[one][k])) ? ", as in use" : ""}`;
    if (!numbers.length) return `${where[0].toUpperCase()}${where.slice(1)}.`;
    const column = shown(), value = data.rows[one][column.at];
    if (value !== null) return `${column.words} is ${reading(column, one, unitOf(column))} ${where}.`;
    const gap = bounds(column, one);
    if (gap) return `${column.words} is between ${valueOf(column, gap[0])} and ${[valueOf(column, gap[1]), unitOf(column)].filter((part) => part).join(" ")} ${where}; no closer is known.`;
    const reason = data.reasons[data.lacking[one]];
    return reason === undefined ? `${column.words} is no number ${where}.` : `No answer ${where}: ${reason}.`;
  }

  function tell() {
    const one = here();
    const parts = [document.createTextNode(sentence(one))];
    const verdict = numbers.length && shown().verdict !== undefined ? data.rows[one][width + shown().verdict] : null;
    if (verdict) parts.unshift(badge(verdict), document.createTextNode(" "));
    told.replaceChildren(...parts);
    if (all.open) list();
  }

  function line(head, ...cells) {
    const row_ = made("tr");
    row_.append(made("th", { scope: "row" }, head));
    for (const [content, figure] of cells) {
      const cell = made("td", figure ? { class: "figure" } : {});
      cell.append(content);
      row_.append(cell);
    }
    return row_;
  }

  function list() {
    const now = here(), one = data.rows[now];
    document.getElementById("sweep-answers").replaceChildren(
      ...answers.map((column) => {
        const value = one[column.at], verdict = value !== null && value in data.signs;
        return line(column.words, [verdict ? badge(value) : reading(column, now, ""), true], [column.kind === "number" ? unitOf(column) : "", false]);
      }),
    );
    document.getElementById("sweep-assumptions").replaceChildren(
      ...data.axes.map((axis, k) => line(axis.words, [words(one[k]), true], [words(axis.used), true], [axis.unit, false])),
    );
  }

  // --- bars: to scale; a pointer goes to the nearest stop, a step by other means, however small, to the next one
  function bar(id, values, at, moved) {
    const input = made("input", { id, type: "range", step: "any" });
    const title = made("label", { for: id, class: "bar" });
    const value = made("b");
    const own = { input, title, value, held: false };
    const follow = () => {
      const wanted = Number(input.value), now = at();
      const near = values().reduce((best, x, k, list_) => (Math.abs(x - wanted) < Math.abs(list_[best] - wanted) ? k : best), 0);
      go(own.held || values()[near] !== values()[now] ? near : now + Math.sign(wanted - values()[now]));
    };
    const go = (k) => moved(Math.min(values().length - 1, Math.max(0, k)));
    const keys = { ArrowRight: 1, ArrowUp: 1, PageUp: 3, End: Infinity, ArrowLeft: -1, ArrowDown: -1, PageDown: -3, Home: -Infinity };
    input.addEventListener("pointerdown", () => { own.held = true; });
    for (const end of ["pointerup", "change", "blur"]) input.addEventListener(end, () => { own.held = false; });
    input.addEventListener("input", follow);
    input.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      go(at() + keys[event.key]);
    });
    bars.append(title, input);
    return own;
  }

  // a bar as it stands: ends, thumb, and what is said of it
  function stand(own, axis, values, value) {
    [own.input.min, own.input.max] = ends(values);
    own.input.value = value;
    own.title.replaceChildren(document.createTextNode(`${named(axis)}: `), own.value);
    own.value.textContent = `${words(value)}${isUsed(axis, value) ? " (in use)" : ` (in use: ${words(axis.used)})`}`;
    own.input.setAttribute("aria-valuetext", [words(value), axis.unit].filter((part) => part).join(" "));
  }

  const own = [];
  function stands() {
    if (gridded) {
      moving.forEach((k, j) => stand(own[j], data.axes[k], data.axes[k].values, data.axes[k].values[stops[k]]));
    } else {
      stand(own[0], data.axes[along], order.map((one) => data.rows[one][along]), data.rows[row][along]);
    }
  }

  function show(fresh) {
    stands();
    tell();
    if (fresh) draw(); else mark();
  }

  function jump(at) {
    if (gridded) unravel(at); else row = at;
    show(true);
  }

  // --- set up
  numbers.forEach((column, k) => number.append(made("option", { value: k }, named(column))));
  number.parentElement.hidden = numbers.length < 2;
  moving.forEach((k) => alongChoice.append(made("option", { value: k }, named(data.axes[k]))));
  alongChoice.parentElement.hidden = moving.length < 2;
  if (gridded) {
    for (const k of moving) {
      own.push(bar(`sweep-axis-${k}`, () => data.axes[k].values, () => stops[k], (stop) => {
        stops[k] = stop;
        show(k !== along);
      }));
    }
  } else {
    sortAlong();
    row = order[Math.floor(order.length / 2)];
    own.push(bar("sweep-point", () => order.map((one) => data.rows[one][along]), () => order.indexOf(row), (stop) => {
      row = order[stop];
      show(false);
    }));
  }
  number.addEventListener("change", () => show(true));
  alongChoice.addEventListener("change", () => {
    along = Number(alongChoice.value);
    if (!gridded) sortAlong();
    show(true);
  });
  const places = new Map(data.numbers.map((point, k) => [point, k]));
  for (const end of document.querySelectorAll("[data-point]")) {
    const at = places.get(Number(end.dataset.point));
    if (at === undefined) continue;
    const name = end.closest("tr").querySelector("th").textContent;
    const button = made("button", { type: "button", "aria-label": `${end.textContent}: show the point` }, end.textContent);
    button.addEventListener("click", () => {
      const chosen = numbers.findIndex((column) => column.words === name);
      if (chosen >= 0) number.value = chosen;
      jump(at);
      document.getElementById("points").scrollIntoView();
    });
    end.replaceChildren(button);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  all.addEventListener("toggle", list);
  window.addEventListener("resize", draw);
  form.hidden = false;
  all.hidden = false;
  show(true);
})();
