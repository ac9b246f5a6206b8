// SPDX-License-Identifier: Apache-2.0
// One CoRIM: whether it counts, and what it says, statement by statement.

import { get } from './api.js';
import { el, data } from './dom.js';
import { cardOf, empty, facts, head, more } from './parts.js';
import { counts } from './page_refvals.js';
import { link } from './route.js';
import { ago, until } from './time.js';
import { plural } from './words.js';

export const title = () => 'CoRIM';

const KNOWN = new Set(['digest', 'id', 'active', 'counts', 'why_not', 'until', 'changed', 'changed_by', 'statements', 'not_after', 'not_before']);

/* What a statement says, whatever its shape: names beside values. */
function tree(value) {
	if (Array.isArray(value))
		return value.length ? el('ul', { class: 'tree' }, value.map((v) => el('li', {}, tree(v)))) : el('span', { class: 'muted' }, 'none');
	if (value && typeof value === 'object')
		return el('dl', { class: 'tree' }, Object.entries(value).map(([k, v]) => el('div', {}, el('dt', {}, data(k)), el('dd', {}, tree(v)))));
	return data(String(value), { class: 'code' });
}

function statement(s, i) {
	const env = s.environment || s.env || {};
	const name = env.model || env.class_id || env.vendor || s.kind || 'statement';

	return more(`${i + 1}. ${s.kind || s.type || 'statement'}: ${name}`, tree(s));
}

export async function show(c) {
	const r = await get(`refvals/${encodeURIComponent(c.parts[0])}`, {}, c.signal);
	const list = Array.isArray(r.statements) ? r.statements : r.statements ? Object.entries(r.statements).flatMap(([kind, all]) => [].concat(all).map((s) => ({ kind, ...s }))) : [];

	return el('div', {}, head(data(r.id), el('a', { href: link(['refvals']) }, 'Reference values'), el('a', { class: 'button', href: `/api/v1/refvals/${encodeURIComponent(r.digest)}/corim`, download: true }, 'Download as signed')),
		cardOf('State', { key: 'state' }, facts([
			['Counts', counts(r)], ['Digest', data(r.digest, { class: 'code' })], ['Ends', until(r.until || r.not_after)], ['Changed', [ago(r.changed), ' by ', data(r.changed_by)]],
			...Object.entries(r).filter(([k]) => !KNOWN.has(k)).map(([k, v]) => [k.replaceAll('_', ' '), tree(v)]),
		])),
		cardOf('What it says', { key: 'statements', note: plural(list.length, 'statement') }, list.length ? list.slice(0, 200).map(statement) : empty('Nothing that can be shown.'),
			list.length > 200 && el('p', { class: 'muted' }, `and ${list.length - 200} more: assay refval show has all`)));
}
