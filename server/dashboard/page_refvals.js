// SPDX-License-Identifier: Apache-2.0
// Reference values: which CoRIMs count, for what, and who may sign them.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { cardOf, head } from './parts.js';
import { link } from './route.js';
import { choice, filters, search, table } from './table.js';
import { ago, until } from './time.js';
import { count, plural, short } from './words.js';

export const title = () => 'Reference values';

export function counts(row) {
	return row.counts ? el('span', { class: 'badge is-affirming' }, 'counts') :
		el('span', { class: `badge is-${row.active === false ? 'never' : 'contraindicated'}` }, data(row.why_not || (row.expired ? 'has ended' : 'does not count')));
}

const corimColumns = [
	{ name: 'CoRIM', cell: (r) => el('a', { href: link(['refvals', r.digest]) }, data(r.id)) },
	{ name: 'State', cell: counts },
	{ name: 'Signed by', class: 'wide', cell: (r) => data(r.signer || r.signed_by || (r.signed === false ? 'nobody' : '–')) },
	{ name: 'Ends', cell: (r) => until(r.until || r.not_after) },
	{ name: 'Changed', cell: (r) => [ago(r.changed), ' by ', data(r.changed_by)] },
	{ name: 'Digest', cell: (r) => short(r.digest) },
];

const coverageColumns = [
	{ name: 'Model', cell: (m) => el('a', { href: link(m.model.startsWith('pci:') ? ['firmware', m.model] : ['hosts']) }, data(m.model === 'tcg:boot-log' ? 'boot log of a host' : m.model, { class: 'code' })) },
	{ name: 'Seen', num: true, cell: (m) => count(m.seen) },
	{ name: 'Accepted states', num: true, cell: (m) => count(m.references) },
	{ name: 'Covered', cell: (m) => (m.covered ? el('span', { class: 'badge is-affirming' }, 'yes') : el('span', { class: 'badge is-warning' }, 'no')) },
];

const anchorColumns = [
	{ name: 'Subject', cell: (a) => data(a.subject) },
	{ name: 'State', cell: counts },
	{ name: 'Ends', cell: (a) => until(a.not_after) },
	{ name: 'From', cell: (a) => (a.file ? data(a.file, { class: 'code' }) : [ago(a.added), ' by ', data(a.added_by || '?')]) },
];

const crlColumns = [
	{ name: 'Issuer', cell: (a) => data(a.issuer) },
	{ name: 'State', cell: (a) => (a.expired ? el('span', { class: 'badge is-contraindicated' }, 'has ended') : counts(a)) },
	{ name: 'Revoked', num: true, cell: (a) => count(a.revoked) },
	{ name: 'Next one due', cell: (a) => until(a.next_update) },
	{ name: 'From', cell: (a) => (a.file ? data(a.file, { class: 'code' }) : [ago(a.added), ' by ', data(a.added_by || '?')]) },
];

export async function show(c) {
	const [corims, coverage, anchors, crls] = await Promise.all(['refvals', 'coverage', 'anchors', 'crls'].map((p) => (p === 'refvals' ? get : getOr.bind(null, {}))(p, {}, c.signal)));
	const q = (c.query.get('q') || '').toLowerCase(), state = c.query.get('state');
	const rows = corims.corims.filter((r) => (!q || `${r.id} ${r.digest}`.toLowerCase().includes(q)) && (!state || (state === 'counts') === r.counts));

	return el('div', {}, head('Reference values', [plural(corims.corims.length, 'CoRIM'), ', ', `${corims.corims.filter((r) => r.counts).length} of them count. `, el('a', { href: link(['proposals']) }, 'What hosts propose')]),
		filters(search('q', c.query.get('q') || '', 'Id or digest has'), choice('state', state, 'State', [['', 'any'], ['counts', 'counts'], ['not', 'does not count']])),
		cardOf('CoRIMs', { key: 'corims', note: count(rows.length) }, table(corimColumns, rows, { caption: 'CoRIMs', key: (r) => r.digest, none: corims.corims.length ? 'None is like that.' : 'None is imported: assay refval import FILE.' })),
		el('div', { class: 'columns' },
			cardOf('Coverage', { key: 'coverage' }, table(coverageColumns, [...(coverage.models || [])].sort((a, b) => a.covered - b.covered), { caption: 'Models and their reference values', key: (m) => m.model, none: 'Nothing has attested yet.' })),
			cardOf('Anchors', { key: 'anchors' }, table(anchorColumns, anchors.anchors || [], { caption: 'Certificates that sign CoRIMs', key: (a) => a.digest, none: 'None: no signed CoRIM can count.' })),
			cardOf('Revocation lists', { key: 'crls', class: 'span-2' }, table(crlColumns, crls.crls || [], { caption: 'Revocation lists', key: (a) => a.digest, none: 'None.' }))));
}
