// SPDX-License-Identifier: Apache-2.0
// Hosts, the worst first or by name; each filter is in the address.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { head } from './parts.js';
import { withFilters } from './route.js';
import { chips, choice, clearFilters, filters, pager, search, table } from './table.js';
import { ago } from './time.js';
import { STATUSES, badge, hostLink, reasonOf, word } from './words.js';

const PAGE = 50;

export const title = () => 'Hosts';

/*
 * The server lists by name. The worst first is one list of each status after the other; the place in it is
 * "status:cursor".
 */
async function worstFirst(query, at, signal) {
	const [from, cursor] = at.includes(':') ? [at.slice(0, at.indexOf(':')), at.slice(at.indexOf(':') + 1)] : ['', ''];
	const rows = [];
	let place = cursor;

	for (const status of STATUSES.slice(Math.max(STATUSES.indexOf(from), 0))) {
		const got = await get('hosts', { ...query, status, cursor: place, limit: PAGE - rows.length }, signal);

		rows.push(...got.hosts);
		place = '';
		if (got.next)
			return { hosts: rows, next: `${status}:${got.next}` };
		if (rows.length >= PAGE)
			return { hosts: rows, next: status === STATUSES[STATUSES.length - 1] ? '' : `${STATUSES[STATUSES.indexOf(status) + 1]}:` };
	}
	return { hosts: rows, next: '' };
}

async function list(q, signal) {
	const query = { group: q.get('group'), q: q.get('q'), model: q.get('model'), firmware: q.get('firmware') };
	const at = q.get('at') || '', status = q.get('status');

	if (!status && q.get('order') !== 'name')
		return worstFirst(query, at, signal);
	return get('hosts', { ...query, status, cursor: at, limit: PAGE }, signal);
}

const columns = [
	{ name: 'Host', cell: (h) => hostLink(h.name) },
	{ name: 'Verdict', cell: (h) => badge(h.status, h.last_status) },
	{ name: 'Why', class: 'wide', cell: (h) => (h.reason ? reasonOf(h.reason) : el('span', { class: 'muted' }, whyNot(h))) },
	{ name: 'Group', cell: (h) => data(h.group) },
	{ name: 'Since', cell: (h) => ago(h.since || h.attested) },
	{ name: 'Attested', cell: (h) => ago(h.attested) },
];

function whyNot(h) {
	if (h.state === 'revoked' || h.status === 'revoked')
		return 'Revoked by an operator: it gets nothing.';
	if (h.status === 'never')
		return h.ek_trust === 'token' ? 'Enrolled by a token; an operator has not confirmed its EK.' : 'Enrolled, and not attested yet.';
	return h.status === 'stale' ? 'It has not attested for too long.' : 'As it should be.';
}

function order(q) {
	return choice('order', q.get('order'), 'Order', [['', 'worst first'], ['name', 'by name']]);
}

export async function show(c) {
	const q = c.query;
	const [got, groups, firmware] = await Promise.all([
		list(q, c.signal), getOr({ groups: [] }, 'groups', {}, c.signal), getOr({ models: [] }, 'firmware', {}, c.signal),
	]);
	const any = ['status', 'group', 'q', 'model', 'firmware'].some((k) => q.get(k));
	const model = firmware.models.find((m) => m.model === q.get('model'));

	return el('div', {}, head('Hosts', any ? 'Those that the filters leave.' : 'All of them.'),
		filters(search('q', q.get('q') || '', 'Name has'),
			choice('status', q.get('status'), 'Verdict', [['', 'any'], ...STATUSES.map((s) => [s, word(s)])]),
			choice('group', q.get('group'), 'Group', [['', 'any'], ...groups.groups.map((g) => [g.group, `${g.group} (${g.hosts})`])]),
			choice('model', q.get('model'), 'Has device', [['', 'any'], ...firmware.models.map((m) => [m.model, m.name || m.model])]),
			q.get('model') && choice('firmware', q.get('firmware'), 'With firmware', [['', 'any'], ...(model?.versions || []).filter((v) => v.firmware).map((v) => [v.firmware, v.firmware])]),
			!q.get('status') && order(q)),
		chips([['q', q.get('q')], ['status', q.get('status'), word(q.get('status'))], ['group', q.get('group')], ['model', q.get('model'), model?.name], ['firmware', q.get('firmware')]]),
		table(columns, got.hosts, {
			caption: 'Hosts with their verdicts', key: (h) => h.ueid || h.name, status: (h) => h.status,
			none: el('div', { class: 'empty' }, el('p', {}, any ? 'No host is like that.' : 'No host has enrolled yet: the overview says how.'), any && clearFilters()),
		}),
		pager(q.get('at'), got.next),
		q.get('at') && el('p', { class: 'muted small' }, el('a', { href: withFilters({ at: '' }) }, 'back to the start')));
}
