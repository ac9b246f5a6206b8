// SPDX-License-Identifier: Apache-2.0
// The audit log, newest first. The chain is checked by `assay audit verify`, not here.

import { get } from './api.js';
import { el, data } from './dom.js';
import { code, head } from './parts.js';
import { withFilters } from './route.js';
import { chips, filters, search, table } from './table.js';
import { ago, moment } from './time.js';
import { count, hostLink, short } from './words.js';

const PAGE = 100;

export const title = () => 'Audit';

function detailOf(text) {
	let d = null;

	try {
		d = JSON.parse(text);
	} catch { /* shown as it is */ }
	if (!d || typeof d !== 'object' || Array.isArray(d))
		return data(text);
	return el('span', { class: 'pairs' }, Object.entries(d).filter(([, v]) => v !== '').map(([k, v]) => el('span', {}, el('span', { class: 'muted' }, `${k} `),
		k === 'host' ? hostLink(String(v)) : data(typeof v === 'object' ? JSON.stringify(v) : String(v), { class: 'code' }))));
}

const columns = [
	{ name: 'Record', cell: (r) => String(r.seq) },
	{ name: 'Time', cell: (r) => [ago(r.time), el('span', { class: 'muted small block' }, moment(r.time))] },
	{ name: 'Who', cell: (r) => data(r.actor) },
	{ name: 'Event', cell: (r) => el('a', { href: withFilters({ event: r.event }) }, data(r.event)) },
	{ name: 'Detail', class: 'wide', cell: (r) => detailOf(r.detail) },
	{ name: 'Hash', cell: (r) => short(r.hash) },
];

/* The log is asked for by numbers; of those that a filter leaves a page is made of as many stretches as it takes. */
async function page(at, event, signal) {
	const last = (await get('audit', {}, signal)).records;
	const end = last.length ? last[last.length - 1].seq : 0;
	let top = Math.min(Number(at) || end, end);
	const rows = [];

	for (let tries = 0; top > 0 && rows.length < PAGE && tries < 10; tries++) {
		const step = event ? 1000 : PAGE;
		const from = Math.max(1, top - step + 1);
		const got = (await get('audit', { from }, signal)).records.filter((r) => r.seq <= top).reverse();
		const fit = got.filter((r) => !event || `${r.event} ${r.detail} ${r.actor}`.toLowerCase().includes(event.toLowerCase()));

		for (const r of fit) {
			if (rows.length === PAGE)
				return { rows, next: r.seq, end };
			rows.push(r);
		}
		top = from - 1;
	}
	return { rows, next: top, end };
}

export async function show(c) {
	const event = c.query.get('event') || '';
	const got = await page(c.query.get('at'), event, c.signal);

	return el('div', {}, head('Audit', [count(got.end), ' records, each chained to the one before. Whether the chain holds is checked away from this server: ', code('assay audit verify')]),
		filters(search('event', event, 'Event, actor or detail has')),
		chips([['event', event]]),
		table(columns, got.rows, { caption: 'Records of the audit log', key: (r) => `seq-${r.seq}`, none: event ? 'No record here is like that.' : 'No record yet.' }),
		el('nav', { class: 'pager', 'aria-label': 'Pages of the list' },
			c.query.get('at') && el('a', { class: 'button', href: withFilters({ at: '' }) }, 'Newest'),
			got.next > 0 ? el('a', { class: 'button', rel: 'next', href: withFilters({ at: String(got.next) }) }, 'Older') : el('span', { class: 'muted' }, 'The first record')));
}
