// SPDX-License-Identifier: Apache-2.0
// One device by its key: every host and slot that it was seen in.

import { get } from './api.js';
import { el, data } from './dom.js';
import { cardOf, head } from './parts.js';
import { link } from './route.js';
import { table } from './table.js';
import { ago } from './time.js';
import { badge, hostLink, plural } from './words.js';

export const title = () => 'Device';

const columns = [
	{ name: 'Host', cell: (s) => hostLink(s.host) },
	{ name: 'Now', cell: (s) => (s.now ? badge(s.status || 'none') : el('span', { class: 'muted' }, 'not any more')) },
	{ name: 'Label', cell: (s) => data(s.label, { class: 'code' }) },
	{ name: 'Slot', cell: (s) => data(s.address || '–', { class: 'code' }) },
	{ name: 'Firmware', cell: (s) => (s.firmware ? el('a', { href: link(['devices'], { model: s.model, firmware: s.firmware }) }, data(s.firmware)) : '–') },
	{ name: 'SPDM', cell: (s) => `1.${s.spdm_version}` },
	{ name: 'First seen', cell: (s) => ago(s.first_seen) },
	{ name: 'Last seen', cell: (s) => ago(s.last_seen) },
];

export async function show(c) {
	const d = await get(`devices/${encodeURIComponent(c.parts[0])}`, {}, c.signal);
	const here = d.sightings.filter((s) => s.now);
	const hosts = new Set(here.map((s) => s.host));

	return el('div', {}, head(data(d.sightings[0]?.label || 'Device'), [el('a', { href: link(['devices']) }, 'Devices'), ' / key ', data(d.leaf_key, { class: 'code' })]),
		hosts.size > 1 && el('p', { class: 'boxed edge-contraindicated', role: 'alert' }, el('strong', {}, 'One key, '), `${plural(hosts.size, 'host')} at once: a copy of a device's key, or a relay. Each of them is refused.`),
		cardOf('Where it was', { key: 'sightings', note: plural(d.sightings.length, 'place') }, table(columns, d.sightings, { caption: 'Hosts and slots of this device', key: (s) => `${s.host}-${s.label}`, status: (s) => (s.now ? s.status : 'never'), none: 'Nowhere yet.' })));
}
