// SPDX-License-Identifier: Apache-2.0
// Why a verdict is what it is: the sentence, what was wanted and what was found, side by side, and what to do.

import { el, data } from './dom.js';
import { link } from './route.js';
import { badge } from './words.js';

/* The ends that two values share say nothing; what lies between does. */
function apart(a, b) {
	let from = 0, to = 0;

	while (from < a.length && from < b.length && a[from] === b[from])
		from++;
	while (to < a.length - from && to < b.length - from && a[a.length - 1 - to] === b[b.length - 1 - to])
		to++;
	return [from, to];
}

function value(text, [from, to], cls) {
	const chars = [...text];
	const middle = chars.slice(from, chars.length - to).join('');

	if (!text)
		return el('span', { class: 'muted' }, 'nothing');
	return el('bdi', { class: `code value ${cls}` }, chars.slice(0, from).join(''), middle && el('mark', {}, middle), to ? chars.slice(chars.length - to).join('') : '');
}

function sides(r, others) {
	if (!r.wanted && !r.found)
		return null;
	const cut = r.wanted && r.found ? apart([...r.wanted], [...r.found]) : [0, 0];

	return el('div', { class: 'sides' },
		el('div', { class: 'side wanted' }, el('h4', {}, 'Wanted'), value(r.wanted, cut, 'wanted'),
			others.map((o) => el('div', {}, el('span', { class: 'muted small' }, 'or '), data(o.wanted, { class: 'code value' }))),
			r.others > 0 && el('p', { class: 'muted small' }, `or one of ${r.others} more`)),
		el('div', { class: 'side found' }, el('h4', {}, 'Found'), value(r.found, cut, 'found')));
}

function meta(r) {
	const rows = [['check', r.check], ['policy', r.policy], ['looked for under', r.environment], ['CoRIM', r.corim]].filter(([, v]) => v);

	return rows.length ? el('p', { class: 'muted small meta' }, rows.map(([name, v]) => el('span', {}, `${name} `,
		name === 'CoRIM' ? el('a', { href: link(['refvals'], { q: v }) }, data(v, { class: 'code' })) : data(v, { class: 'code' })))) : null;
}

function one(r, others) {
	return el('li', { class: `reason edge-${r.tier}` },
		el('div', { class: 'row' }, badge(r.tier), el('h3', {}, r.device === 'host' ? 'The host itself' : data(r.device, { class: 'code' }), r.element && [' · ', data(r.element)]),
			r.address && el('span', { class: 'muted push code' }, data(r.address))),
		el('p', { class: 'sentence' }, data(r.text)), sides(r, others),
		r.hint && el('p', { class: 'hint' }, el('strong', {}, 'What can be done: '), data(r.hint)), meta(r));
}

const WEIGHT = { contraindicated: 0, warning: 1, none: 2, affirming: 3 };

/** The list, the worst first; a value that would have done, too, stands with the row before it. */
export function reasonList(reasons) {
	const groups = [];

	for (const r of reasons) {
		if (r.alternative && groups.length)
			groups[groups.length - 1].others.push(r);
		else
			groups.push({ r, others: [] });
	}
	groups.sort((a, b) => (WEIGHT[a.r.tier] ?? 2) - (WEIGHT[b.r.tier] ?? 2));
	return el('ul', { class: 'reasons' }, groups.map((g) => one(g.r, g.others)));
}

export function worstReason(reasons) {
	return [...(reasons || [])].sort((a, b) => (WEIGHT[a.tier] ?? 2) - (WEIGHT[b.tier] ?? 2))[0];
}
