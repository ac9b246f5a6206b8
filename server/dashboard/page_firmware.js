// SPDX-License-Identifier: Apache-2.0
// What firmware the fleet runs: per model the versions, what reference values say of them, and what comes next.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { bar, cardOf, empty, head } from './parts.js';
import { UNTOLD } from './page_devices.js';
import { link } from './route.js';
import { choice, filters, search, table } from './table.js';
import { ago } from './time.js';
import { count, hostLink, plural, word } from './words.js';

const KINDS = ['contraindicated', 'warning', 'affirming'];

export const title = () => 'Firmware';

const modelLink = (m) => el('a', { href: link(['firmware', m.model]) }, data(m.name || m.model));

export function versionColumns(m) {
	return [
		{ name: 'Version', cell: (v) => el('a', { href: link(['devices'], { model: m.model, firmware: v.firmware || UNTOLD }) }, data(v.firmware || 'not told')) },
		{ name: 'Devices', num: true, cell: (v) => count(v.devices) },
		{ name: 'Verdicts', class: 'wide', cell: (v) => el('div', { class: 'bar-cell' }, bar(KINDS.map((k) => [k, v[k] || 0]), verdicts(v)), el('span', { class: 'muted small' }, verdicts(v))) },
		{ name: 'First seen', cell: (v) => ago(v.first_seen) },
		{ name: 'Last seen', cell: (v) => ago(v.last_seen) },
	];
}

const verdicts = (v) => KINDS.filter((k) => v[k]).map((k) => `${count(v[k])} ${word(k)}`).join(', ') || 'no verdict';

function coverage(m) {
	return m.covered ? el('span', { class: 'badge is-affirming' }, plural(m.references, 'accepted state')) :
		el('span', { class: 'badge is-warning' }, 'no reference values');
}

function model(m) {
	const versions = [...m.versions].sort((a, b) => b.devices - a.devices);

	return cardOf(modelLink(m), { key: `model-${m.model}`, class: 'span-2', note: coverage(m) },
		el('p', { class: 'muted' }, data(m.model, { class: 'code' }), ` · ${plural(m.devices, 'device')} · ${plural(versions.length, 'version')} · `,
			el('a', { href: link(['firmware', m.model]) }, 'spread over time')),
		table(versionColumns(m), versions.slice(0, 6), { caption: `Versions of ${m.name || m.model}`, key: (v) => v.firmware, none: 'No version was told.' }),
		versions.length > 6 && el('p', {}, el('a', { href: link(['firmware', m.model]) }, `${versions.length - 6} more versions`)));
}

/* Announced boots that reference values do not accept on the host that was heard of last; another may have measured other things. */
function refusedNext(proposals) {
	const rows = proposals.filter((p) => p.next_boot?.status === 'refused' && p.hosts.length);

	return rows.length ? el('ul', { class: 'changes' }, rows.slice(0, 12).map((p) => el('li', { class: 'edge-contraindicated', 'data-key': p.digest },
		el('p', {}, hostLink(p.hosts[0].name), ' with ', el('a', { href: link(['proposals', p.digest]) }, data(p.release || 'its next boot')), ': ', data(p.next_boot.text)),
		el('p', { class: 'muted small' }, ago(p.time), p.hosts.length > 1 && ` · announced by ${plural(p.hosts.length - 1, 'host')} more`))),
	rows.length > 12 && el('li', {}, el('a', { href: link(['proposals'], { state: 'refused' }) }, `and ${rows.length - 12} more`))) :
		empty('No host has announced a boot that would be refused.');
}

function pending(proposals) {
	const rows = proposals.filter((p) => !p.corim && p.next_boot?.status !== 'accepted');

	return rows.length ? el('ul', { class: 'changes' }, rows.slice(0, 12).map((p) => el('li', { 'data-key': p.digest },
		el('p', {}, el('a', { href: link(['proposals', p.digest]) }, data(p.release || 'next boot')), ` on ${plural(p.hosts.length, 'host')}`),
		el('p', { class: 'muted small' }, 'announced ', ago(p.time))))) : empty('No update waits for a signature.');
}

function silent(list) {
	return list.length ? cardOf('Without evidence', { key: 'silent', class: 'span-2' }, el('p', { class: 'muted' }, 'Functions of accepted inventories that cannot be asked, or did not answer; bridges are left out.'),
		table([{ name: 'Model', cell: (m) => data(m.model, { class: 'code' }) }, { name: 'Seen', num: true, cell: (m) => count(m.seen) }],
			list.slice(0, 30), { caption: 'Models without evidence', key: (m) => m.model }),
		list.length > 30 && el('p', { class: 'muted' }, `and ${list.length - 30} more models`)) : null;
}

const wanted = (q) => (m) => (!q.get('q') || `${m.name} ${m.model}`.toLowerCase().includes(q.get('q').toLowerCase())) &&
	(!q.get('covered') || (q.get('covered') === 'yes') === m.covered);

export async function show(c) {
	const [got, proposals, seen] = await Promise.all([get('firmware', {}, c.signal), getOr({ proposals: [] }, 'proposals', {}, c.signal), getOr({}, 'coverage', {}, c.signal)]);
	const models = got.models.filter(wanted(c.query)).sort((a, b) => a.covered - b.covered || b.devices - a.devices);
	const bare = got.models.filter((m) => !m.covered).length;

	return el('div', {}, head('Firmware', [plural(got.models.length, 'model'), ' gave evidence; ', bare ? el('a', { href: link(['firmware'], { covered: 'no' }) }, `${count(bare)} without reference values`) : 'all of them have reference values', '.']),
		filters(search('q', c.query.get('q') || '', 'Model has'), choice('covered', c.query.get('covered'), 'Reference values', [['', 'any'], ['yes', 'there are'], ['no', 'none']])),
		el('div', { class: 'columns' },
			cardOf('Next boot would be refused', { key: 'refused-next' }, refusedNext(proposals.proposals)),
			cardOf('Pending updates', { key: 'pending-updates' }, pending(proposals.proposals)),
			models.length ? models.map(model) : cardOf('Models', { class: 'span-2', key: 'models' }, empty(got.models.length ? 'No model is like that.' : 'No device has given evidence yet.')),
			silent(seen.no_evidence || [])));
}

