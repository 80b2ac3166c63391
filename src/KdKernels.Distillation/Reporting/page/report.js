// Draws the curves of the page out of its JSON island. Without it the noscript table has the same numbers.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("run-data").textContent);
  const roles = ["teacher", "plain", "distilled"];
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const mean = values => {
    const known = values.filter(value => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const epochs = [...new Set(data.curves.flatMap(curve => curve.epoch))].sort((a, b) => a - b);
  const align = (curve, key) => {
    const at = new Map(curve.epoch.map((epoch, index) => [epoch, curve[key][index]]));
    return epochs.map(epoch => at.has(epoch) ? at.get(epoch) : null);
  };

  // Per role: every seed as a thin line, their mean as a thick one. The means are what the readout shows.
  function lines(key) {
    const found = [];
    for (const role of roles) {
      const seeds = data.curves.filter(curve => curve.role === role).map(curve => align(curve, key))
        .filter(values => values.some(value => value !== null));
      if (seeds.length === 0) continue;
      if (seeds.length > 1) seeds.forEach(values => found.push({ role, values, thin: true }));
      found.push({ role, values: epochs.map((_, i) => mean(seeds.map(values => values[i]))), thin: false });
    }
    return found;
  }

  const format = {
    percent: value => (100 * value).toFixed(1) + " %",
    number: value => value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(2 + (Math.abs(value) >= 0.1))).toString(),
  };

  function draw(figure) {
    const key = figure.dataset.key, unit = format[figure.dataset.unit];
    const series = lines(key);
    const box = figure.querySelector(".plot"), readout = figure.querySelector(".readout");
    if (series.length === 0) { figure.hidden = true; return null; }

    function say(index) {
      const parts = series.filter(line => !line.thin).map(line => {
        let at = index === null ? line.values.length - 1 : index;
        while (index === null && at > 0 && line.values[at] === null) at--;
        if (line.values[at] === null) return null;
        const part = document.createElement("span");
        part.className = line.role;
        part.textContent = unit(line.values[at]);
        return part;
      }).filter(part => part !== null);
      readout.replaceChildren(index === null ? "last" : "epoch " + epochs[index], ...parts);
    }

    const axis = {
      stroke: () => colour("soft"), grid: { stroke: () => colour("rule"), width: 1 },
      ticks: { show: false }, font: "11px system-ui, sans-serif",
    };
    const plot = new uPlot({
      width: Math.max(box.clientWidth, 120), height: box.clientHeight,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: (_, low, high) => low === high ? [low - 1, high + 1] : [low, high] },
      },
      axes: [
        { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500], size: 26, grid: { show: false } },
        { ...axis, size: 50, values: (_, ticks) => ticks.map(tick => tick === null ? "" : figure.dataset.unit === "percent"
          ? Math.round(1000 * tick) / 10 + " %" : format.number(tick)) },
      ],
      series: [{}, ...series.map(line => ({
        stroke: () => colour(line.role) + (line.thin ? "59" : ""),
        width: line.thin ? 1 : 2,
        dash: line.role === "teacher" && !line.thin ? [6, 4] : undefined,
        // Held-out figures are there every so many epochs: a line joins them, and one or two alone are dots.
        points: { show: line.values.filter(value => value !== null).length < 3 },
        spanGaps: true,
      }))],
      hooks: { setCursor: [u => say(u.cursor.idx === undefined ? null : u.cursor.idx)] },
    }, [epochs, ...series.map(line => line.values)], box);
    say(null);
    return { plot, box };
  }

  const drawn = [...document.querySelectorAll("figure[data-key]")].map(draw).filter(chart => chart !== null);
  const resize = new ResizeObserver(() => drawn.forEach(({ plot, box }) => {
    if (box.clientWidth > 0 && box.clientWidth !== plot.width)
      plot.setSize({ width: box.clientWidth, height: box.clientHeight });
  }));
  drawn.forEach(({ box }) => resize.observe(box));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(({ plot }) => plot.redraw(false, true)));
})();
