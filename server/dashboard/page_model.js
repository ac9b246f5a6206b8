// SPDX-License-Identifier: Apache-2.0
// One model: its versions, and how they spread through the fleet.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { chart } from './graph.js';
import { cardOf, empty, head, problemBox } from './parts.js';
import { versionColumns } from './page_firmware.js';
import { link } from './route.js';
import { table } from './table.js';
import { count, plural } from './words.js';

const LINES = 6; /* colours that the eye tells apart; the rest is one line */

export const title = (c) => c.parts[0];

function seriesOf(samples) {
	const total = new Map();

	for (const s of samples)
		for (const [name, n] of Object.entries(s.versions))
			total.set(name, (total.get(name) || 0) + n);
	const names = [...total.keys()].sort((a, b) => total.get(b) - total.get(a));
	const kept = names.slice(0, LINES), rest = names.slice(LINES);
	const series = kept.map((name, i) => ({ name: name || 'not told', color: `line-${i + 1}`, points: samples.map((s) => ({ x: s.time, y: s.versions[name] || 0 })) }));

	if (rest.length)
		series.push({ name: `${rest.length} others`, color: 'muted', points: samples.map((s) => ({ x: s.time, y: rest.reduce((n, r) => n + (s.versions[r] || 0), 0) })) });
	return series;
}

function spread(samples, m) {
	return cardOf('Spread over time', { key: 'spread' }, samples.length > 1 ? chart({
		key: `spread-${m.model}`, stacked: true, daily: true, series: seriesOf(samples), label: `Devices of ${m.name || m.model} by firmware version, day by day`,
	}) : empty('No line yet: the first day is still running.'));
}

export async function show(c) {
	const [got, over] = await Promise.all([get('firmware', {}, c.signal), getOr({ samples: [] }, `firmware/${encodeURIComponent(c.parts[0])}/spread`, {}, c.signal)]);
	const m = got.models.find((one) => one.model === c.parts[0]);

	if (!m)
		return el('div', {}, head(data(c.parts[0]), el('a', { href: link(['firmware']) }, 'Firmware')), problemBox(new Error('No device of this model has given evidence.')));
	return el('div', {}, head(data(m.name || m.model), [el('a', { href: link(['firmware']) }, 'Firmware'), ' / ', data(m.model, { class: 'code' })],
		[el('a', { class: 'button', href: link(['devices'], { model: m.model }) }, plural(m.devices, 'device')), el('a', { class: 'button', href: link(['hosts'], { model: m.model }) }, 'Its hosts')]),
	el('p', { class: `boxed edge-${m.covered ? 'affirming' : 'warning'}` }, m.covered ? `Reference values accept ${plural(m.references, 'state')} of it.` : 'No reference value speaks of it: its devices cannot be affirmed by their measurements.'),
	spread(over.samples, m),
	cardOf('Versions', { key: 'versions', note: count(m.versions.length) }, table(versionColumns(m), [...m.versions].sort((a, b) => b.devices - a.devices), { caption: 'Versions', key: (v) => v.firmware, none: 'No version was told.' })));
}
