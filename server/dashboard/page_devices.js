// SPDX-License-Identifier: Apache-2.0
// Every device that gave evidence, by host.

import { NOTHING, get, getOr } from './api.js';
import { el, data } from './dom.js';
import { head } from './parts.js';
import { chips, choice, clearFilters, filters, pager, search, table } from './table.js';
import { ago } from './time.js';
import { badge, deviceLink, hostLink, word } from './words.js';

/* Its own word in the address: an empty filter is none. */
export const UNTOLD = '(not told)';
const KINDS = ['contraindicated', 'warning', 'affirming'];

export const title = () => 'Devices';

const columns = (names) => [
	{ name: 'Device', cell: (d) => deviceLink(d.label, d.leaf_key) },
	{ name: 'Verdict', cell: (d) => badge(d.status) },
	{ name: 'Host', cell: (d) => hostLink(d.host) },
	{ name: 'Model', class: 'wide', cell: (d) => data(names.get(d.model) || d.model || '–') },
	{ name: 'Firmware', cell: (d) => data(d.firmware || 'not told') },
	{ name: 'Address', cell: (d) => data(d.address || '–', { class: 'code' }) },
	{ name: 'Since', cell: (d) => ago(d.since) },
];

export async function show(c) {
	const q = c.query;
	const filter = { model: q.get('model'), firmware: q.get('firmware'), status: q.get('status'), q: q.get('q') };
	const [got, firmware] = await Promise.all([get('devices', { ...filter, firmware: filter.firmware === UNTOLD ? NOTHING : filter.firmware, cursor: q.get('at'), limit: 50 }, c.signal), getOr({ models: [] }, 'firmware', {}, c.signal)]);
	const any = Object.values(filter).some(Boolean);
	const model = firmware.models.find((m) => m.model === filter.model);
	const names = new Map(firmware.models.map((m) => [m.model, m.name]));

	return el('div', {}, head('Devices', any ? 'Those that the filters leave.' : 'All that gave evidence.'),
		filters(search('q', filter.q || '', 'Label or host has'),
			choice('status', filter.status, 'Verdict', [['', 'any'], ...KINDS.map((s) => [s, word(s)])]),
			choice('model', filter.model, 'Model', [['', 'any'], ...firmware.models.map((m) => [m.model, m.name || m.model])]),
			filter.model && choice('firmware', filter.firmware, 'Firmware', [['', 'any'], ...(model?.versions || []).map((v) => [v.firmware || UNTOLD, v.firmware || 'not told'])])),
		chips([['q', filter.q], ['status', filter.status, word(filter.status)], ['model', filter.model, model?.name], ['firmware', filter.firmware]]),
		table(columns(names), got.devices, {
			caption: 'Devices', key: (d) => `${d.host}-${d.label}`, status: (d) => d.status,
			none: el('div', { class: 'empty' }, el('p', {}, any ? 'No device is like that.' : 'No device has given evidence yet.'), any && clearFilters()),
		}),
		pager(q.get('at'), got.next));
}
