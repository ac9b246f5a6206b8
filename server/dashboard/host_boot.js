// SPDX-License-Identifier: Apache-2.0
// What a host's last two boots measured, as sentences, and what differs between them.

import { el, data } from './dom.js';
import { cardOf, empty, more } from './parts.js';
import { ago } from './time.js';
import { plural } from './words.js';

const COVERED = { measured: null, 'not measured': 'nothing vouches for this text', contradicted: 'its digest says otherwise' };

function event(e) {
	return el('li', { class: e.covered === 'contradicted' ? 'edge-contraindicated' : null },
		el('span', { class: 'pcr', title: `PCR ${e.pcr}` }, `PCR ${e.pcr}`), ' ', data(e.text || e.name || e.type),
		COVERED[e.covered] && el('span', { class: 'muted small' }, ` (${COVERED[e.covered]})`));
}

function byName(boot) {
	return new Map(boot.events.filter((e) => e.name).map((e) => [e.name, e]));
}

/* Names whose digests differ; the same as `assay host boot --diff` tells. */
function differences(now, before) {
	const a = byName(before), b = byName(now), list = [];

	for (const [name, e] of b)
		if (!a.has(name))
			list.push([name, 'new in this boot', e]);
		else if (a.get(name).digest !== e.digest)
			list.push([name, 'changed', e]);
	for (const [name, e] of a)
		if (!b.has(name))
			list.push([name, 'gone', e]);
	return list;
}

function changed(now, before) {
	const list = before ? differences(now, before) : [];

	if (!before)
		return el('p', { class: 'muted' }, 'The boot before it is not known.');
	if (!list.length)
		return el('p', { class: 'muted' }, 'The same as the boot before, ', ago(before.time), '.');
	return el('div', {}, el('h3', {}, `${plural(list.length, 'difference')} from the boot before`),
		el('ul', { class: 'changes' }, list.slice(0, 20).map(([, how, e]) => el('li', {}, el('strong', {}, `${how}: `), data(e.text || e.name)))),
		list.length > 20 && el('p', { class: 'muted' }, `and ${list.length - 20} more`));
}

const FIRST = 8;

export function bootCard(boots) {
	const [now, before] = boots;

	if (!now)
		return cardOf('Boot', { key: 'boot' }, empty('No boot log of this host has been confirmed by a quote yet.'));
	return cardOf('Boot', { key: 'boot', note: ['seen ', ago(now.time), `, reset ${now.reset_count}`] },
		now.fault && el('p', { class: 'edge-contraindicated boxed' }, data(now.fault)),
		changed(now, before),
		el('ol', { class: 'boot' }, now.events.slice(0, FIRST).map(event)),
		now.events.length > FIRST && more(`The other ${now.events.length - FIRST} things that it measured`, el('ol', { class: 'boot', start: String(FIRST + 1) }, now.events.slice(FIRST).map(event))));
}
