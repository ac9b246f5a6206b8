// SPDX-License-Identifier: Apache-2.0
// Charts. The library is fetched by pages that have one; colours come from the style sheet, numbers stand in a table, too.

import { el } from './dom.js';
import { day, hour } from './time.js';
import { count } from './words.js';

let library = null;

function load() {
	library ??= new Promise((done, failed) => {
		const script = document.createElement('script');

		script.src = new URL('./chart.js', import.meta.url).href;
		script.onload = () => done(window.Chart);
		script.onerror = () => failed(new Error('the chart library did not come'));
		document.head.append(script);
	});
	return library;
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function datasetOf(series, stacked) {
	const color = css(series.color);

	return {
		label: series.name, data: series.points, borderColor: color, backgroundColor: color,
		fill: stacked && (series.first ? 'origin' : '-1'), borderWidth: stacked ? 1 : 2, pointRadius: series.points.length < 3 ? 3 : 0,
		pointHitRadius: 12, tension: 0, stepped: false,
	};
}

/* Midnights, or so few of the times that their labels fit. */
function ticksOf(points, width) {
	const from = points[0].x, to = points[points.length - 1].x;
	const step = Math.max(1, Math.ceil((to - from) / 86400 / Math.max(2, width / 70))) * 86400;
	const first = new Date(from * 1000);
	const ticks = [];

	first.setHours(24, 0, 0, 0);
	for (let t = first / 1000; t <= to; t += step)
		ticks.push({ value: t });
	return ticks.length ? ticks : [{ value: from }, { value: to }];
}

function optionsOf(all, stacked, rem) {
	const ink = css('muted'), line = css('line');
	const font = { size: 12 * rem, family: getComputedStyle(document.body).fontFamily };

	return {
		animation: false, responsive: true, maintainAspectRatio: false, normalized: true, parsing: false,
		interaction: { mode: 'index', intersect: false },
		scales: {
			x: {
				type: 'linear', grid: { color: line, drawTicks: false }, min: all[0]?.x, max: all[all.length - 1]?.x,
				afterBuildTicks: (axis) => (axis.ticks = all.length ? ticksOf(all, axis.width / rem) : []),
				ticks: { color: ink, font, maxRotation: 0, callback: (v) => day(v), padding: 6 },
			},
			y: { stacked, beginAtZero: true, grid: { color: line, drawTicks: false }, border: { display: false }, ticks: { color: ink, font, precision: 0, maxTicksLimit: 5, padding: 6 } },
		},
		plugins: {
			legend: { display: false },
			tooltip: { callbacks: { title: (items) => hour(items[0].parsed.x), label: (i) => ` ${i.dataset.label}: ${count(i.parsed.y)}` } },
		},
	};
}

function draw(box, spec, Chart) {
	const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
	const shown = spec.series.filter((s) => !box.off.has(s.name));
	const config = {
		type: 'line',
		data: { datasets: shown.map((s, i) => datasetOf({ ...s, first: i === 0 }, spec.stacked)) },
		options: optionsOf(spec.series[0]?.points || [], spec.stacked, rem),
	};

	box.chart?.destroy();
	box.chart = new Chart(box.querySelector('canvas'), config);
}

function legend(box, spec) {
	return el('div', { class: 'legend', role: 'group', 'aria-label': 'Lines of the chart' }, spec.series.map((s) =>
		el('button', { type: 'button', class: `legend-item ink-of-${s.color}`, 'aria-pressed': box.off.has(s.name) ? 'false' : 'true', on: {
			click: (e) => {
				box.off[box.off.has(s.name) ? 'delete' : 'add'](s.name);
				e.currentTarget.setAttribute('aria-pressed', box.off.has(s.name) ? 'false' : 'true');
				load().then((Chart) => draw(box, box.spec, Chart));
			},
		} }, s.name)));
}

function numbers(spec) {
	const times = spec.series[0].points.map((p) => p.x).slice(-24).reverse();
	const at = (s, x) => s.points.find((p) => p.x === x)?.y ?? 0;

	return el('details', { class: 'more' }, el('summary', {}, 'The last of these numbers as a table'),
		el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': spec.label }, el('table', { class: 'plain-table' }, el('caption', { class: 'unseen' }, spec.label),
			el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Time'), spec.series.map((s) => el('th', { scope: 'col', class: 'num' }, s.name)))),
			el('tbody', {}, times.map((x) => el('tr', {}, el('th', { scope: 'row' }, spec.daily ? day(x) : hour(x)), spec.series.map((s) => el('td', { class: 'num' }, count(at(s, x))))))))));
}

function fill(box, spec) {
	box.spec = spec;
	box.replaceChildren(legend(box, spec), el('div', { class: 'canvas' }, el('canvas', { role: 'img', 'aria-label': spec.label })), numbers(spec));
	load().then((Chart) => box.isConnected && draw(box, box.spec, Chart)).catch((e) => {
		box.querySelector('.canvas')?.replaceChildren(el('p', { class: 'muted' }, `No chart: ${e.message}. The table has its numbers.`));
	});
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * chart({ label, stacked, daily, series: [{ name, color: a custom property's name, off, points: [{ x: seconds, y }] }] })
 */
export function chart(spec) {
	const box = el('div', { class: 'chart', 'data-key': `chart-${spec.key || spec.label}` });

	box.off = new Set(spec.series.filter((s) => s.off).map((s) => s.name));
	fill(box, spec);
	requestAnimationFrame(() => box.isConnected && library && load().then((Chart) => box.chart || draw(box, box.spec, Chart)).catch(() => {}));
	box.refresh = (next) => {
		if (!same(next.spec, box.spec)) {
			const open = box.querySelector('details').open;

			fill(box, next.spec);
			box.querySelector('details').open = open;
		}
	};
	return box;
}

/** Colours changed: draw again what is on the page. */
export function redraw() {
	for (const box of document.querySelectorAll('.chart'))
		if (box.chart && box.spec)
			load().then((Chart) => draw(box, box.spec, Chart));
}
