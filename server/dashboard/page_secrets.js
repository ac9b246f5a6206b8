// SPDX-License-Identifier: Apache-2.0
// Which key shares there are and where they stand. Their content never comes here.

import { get } from './api.js';
import { el, data } from './dom.js';
import { head } from './parts.js';
import { choice, filters, search, table } from './table.js';
import { hostLink, plural, short } from './words.js';

export const title = () => 'Secrets';

const TIER = { current: 'affirming', pending: 'warning', retiring: 'stale', deposited: 'warning' };

const columns = [
	{ name: 'Host', cell: (s) => hostLink(s.host) },
	{ name: 'Volume', cell: (s) => data(s.volume, { class: 'code' }) },
	{ name: 'Epoch', num: true, cell: (s) => String(s.epoch) },
	{ name: 'State', cell: (s) => el('span', { class: `badge is-${TIER[s.state] || 'none'}` }, data(s.state)) },
	{ name: 'Counter', cell: (s) => (s.counted ? 'known' : el('span', { class: 'muted' }, 'none')) },
	{ name: 'Next unlock', cell: (s) => (s.rotate ? 'makes a new epoch' : 'as it is') },
	{ name: 'Without a server', cell: (s) => (s.lease ? `${plural(s.lease.reboots_left, 'boot')} or ${plural(s.lease.hours_left, 'hour')}` : el('span', { class: 'muted' }, 'no lease')) },
	{ name: 'Check value', cell: (s) => short(s.check, 16) },
];

export async function show(c) {
	const got = await get('secrets', {}, c.signal);
	const list = got.secrets || got.shares || [];
	const q = (c.query.get('q') || '').toLowerCase(), state = c.query.get('state');
	const states = [...new Set(list.map((s) => s.state))];
	const rows = list.filter((s) => (!q || `${s.host} ${s.volume}`.toLowerCase().includes(q)) && (!state || s.state === state));

	return el('div', {}, head('Secrets', [plural(list.length, 'key share'), ' of ', plural(new Set(list.map((s) => s.volume)).size, 'volume'), '. A share leaves this server only to a host whose verdict allows it, wrapped for its TPM.']),
		filters(search('q', c.query.get('q') || '', 'Host or volume has'), choice('state', state, 'State', [['', 'any'], ...states.map((s) => [s, s])])),
		table(columns, rows.slice(0, 200), { caption: 'Key shares', key: (s) => `${s.volume}-${s.epoch}`, none: list.length ? 'None is like that.' : 'None: assay secret create HOST --volume UUID.' }),
		rows.length > 200 && el('p', { class: 'muted' }, `and ${rows.length - 200} more: narrow the filter`));
}

