// SPDX-License-Identifier: Apache-2.0
// One proposal: what the next boot would change, beside what the last one measured.

import { get } from './api.js';
import { el, data } from './dom.js';
import { cardOf, code, command, empty, head } from './parts.js';
import { verdictOf } from './page_proposals.js';
import { link } from './route.js';
import { table } from './table.js';
import { ago } from './time.js';
import { hostLink, plural, short } from './words.js';

export const title = (c) => `Proposal ${c.parts[0].slice(0, 12)}`;

const STATE = { same: ['affirming', 'as now'], accepted: ['affirming', 'accepted'], refused: ['contraindicated', 'refused'], 'not measured': ['none', 'not measured by this host'] };

function valueOf(v, covered) {
	if (!v)
		return el('span', { class: 'muted' }, 'not there');
	return el('div', {}, v.text && el('div', {}, data(v.text, { class: 'code value' }), covered === false && el('span', { class: 'muted small' }, ' (no digest vouches for this text)')),
		(v.digests || []).map((d) => el('div', { class: 'code muted digest' }, d)));
}

function element(e) {
	const [tier, text] = STATE[e.state] || ['none', e.state || 'not judged'];

	return el('li', { class: `reason edge-${tier}`, 'data-key': `el-${e.name}` },
		el('div', { class: 'row' }, el('h3', { class: 'code' }, data(e.name)), el('span', { class: `badge is-${tier}` }, text)),
		e.state === 'same' ? null : el('div', { class: 'sides' },
			el('div', { class: 'side' }, el('h4', {}, 'Last boot'), valueOf(e.was)),
			el('div', { class: 'side' }, el('h4', {}, 'Next boot'), valueOf(e, e.text_covered))));
}

const hostColumns = [
	{ name: 'Host', cell: (h) => hostLink(h.name) },
	{ name: 'Next boot', cell: (h) => verdictOf(h.next_boot) },
	{ name: 'Why', class: 'wide', cell: (h) => data(h.next_boot?.text || '') },
	{ name: 'Announced', cell: (h) => ago(h.time) },
	{ name: 'From', cell: (h) => data(h.remote || '–', { class: 'code' }) },
];

function bases(list) {
	return list?.length ? cardOf('Made of', { key: 'bases' }, el('p', { class: 'muted' }, 'Accepted states that reference values for this boot would be made of.'), el('ul', { class: 'plain' }, list.map((b) => el('li', {},
		el('a', { href: link(['refvals', b.corim]) }, data(b.id)), ` statement ${b.triple}`, b.learned && ', learned', !b.usable && ', does not count any more')))) : null;
}

function sign(p) {
	return p.corim ? el('p', { class: 'boxed edge-affirming' }, 'Signed by ', data(p.signed_by || '?'), ' with ', el('a', { href: link(['refvals', p.corim]) }, short(p.corim)), '.') :
		cardOf('To sign it', { key: 'sign' }, el('p', {}, 'Beside the operator\'s key, which the server never sees; ', code('assay refval pending diff'), ' shows there what is here:'),
			command(`assay refval pending sign ${p.digest.slice(0, 12)} --signer operator.crt --key operator.key`));
}

export async function show(c) {
	const p = await get(`proposals/${encodeURIComponent(c.parts[0])}`, {}, c.signal);
	const order = { refused: 0, accepted: 1, 'not measured': 2, same: 3 };
	const elements = [...(p.elements || [])].sort((a, b) => (order[a.state] ?? 2) - (order[b.state] ?? 2));

	return el('div', {}, head(data(p.release || 'Next boot'), [el('a', { href: link(['proposals']) }, 'Proposals'), ' / ', short(p.digest, 20)]),
		el('section', { class: `verdict is-${{ accepted: 'affirming', refused: 'contraindicated' }[p.next_boot?.status] || 'none'}`, 'aria-labelledby': 'verdict' },
			el('h2', { id: 'verdict', class: 'row' }, verdictOf(p.next_boot)), el('p', { class: 'lead' }, data(p.next_boot?.text || '')), el('p', { class: 'muted' }, 'announced ', ago(p.time))),
		p.unforeseen?.length > 0 && el('p', { class: 'boxed edge-warning' }, 'Nobody can foretell: ', p.unforeseen.map((u, i) => [i ? ', ' : '', data(u, { class: 'code' })])),
		cardOf('What differs', { key: 'elements', note: plural(elements.length, 'element') }, elements.length ? el('ul', { class: 'reasons' }, elements.map(element)) : empty('Nothing.')),
		sign(p), bases(p.bases),
		cardOf('Hosts', { key: 'hosts', note: plural(p.hosts.length, 'host') }, table(hostColumns, p.hosts, { caption: 'Hosts that announced it', key: (h) => h.name })));
}
