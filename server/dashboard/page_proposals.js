// SPDX-License-Identifier: Apache-2.0
// What hosts say they will boot next, and what reference values say of that.

import { get } from './api.js';
import { el, data } from './dom.js';
import { head } from './parts.js';
import { link } from './route.js';
import { choice, filters, table } from './table.js';
import { ago } from './time.js';
import { hostLink, plural, short } from './words.js';

export const title = () => 'Proposals';

const TIER = { accepted: 'affirming', refused: 'contraindicated', unknown: 'none' };

export function verdictOf(next) {
	const tier = TIER[next?.status] || 'none';

	return tier === 'none' ? el('span', { class: 'badge is-none' }, 'not known yet') : el('span', { class: `badge is-${tier}` }, next.status === 'accepted' ? 'would be accepted' : 'would be refused');
}

const columns = [
	{ name: 'Release', cell: (p) => el('a', { href: link(['proposals', p.digest]) }, data(p.release || short(p.digest))) },
	{ name: 'Next boot', cell: (p) => verdictOf(p.next_boot) },
	{ name: 'Why', class: 'wide', cell: (p) => data(p.next_boot?.text || '') },
	{ name: 'Hosts', cell: (p) => [p.hosts.slice(0, 3).map((h, i) => [i ? ', ' : '', hostLink(h.name)]), p.hosts.length > 3 && ` and ${p.hosts.length - 3} more`] },
	{ name: 'Signed', cell: (p) => (p.corim ? ['by ', data(p.signed_by || '?')] : el('span', { class: 'badge is-warning' }, 'waits')) },
	{ name: 'Announced', cell: (p) => ago(p.time) },
];

export async function show(c) {
	const got = await get('proposals', {}, c.signal);
	const state = c.query.get('state');
	const rows = got.proposals.filter((p) => !state || (state === 'waits' ? !p.corim : state === 'signed' ? p.corim : p.next_boot?.status === state));

	return el('div', {}, head('Proposals', [plural(got.proposals.length, 'proposal'), `, ${got.proposals.filter((p) => !p.corim).length} of them wait for a signature.`]),
		filters(choice('state', state, 'State', [['', 'any'], ['waits', 'waits'], ['signed', 'signed'], ['refused', 'would be refused'], ['accepted', 'would be accepted']])),
		table(columns, rows, { caption: 'Proposals', key: (p) => p.digest, status: (p) => badgeTier(p), none: got.proposals.length ? 'None is like that.' : 'No host has announced its next boot.' }));
}

const badgeTier = (p) => TIER[p.next_boot?.status] || 'none';

