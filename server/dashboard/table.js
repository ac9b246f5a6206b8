// SPDX-License-Identifier: Apache-2.0
// Tables that are cards on a phone, the filters above them and the pages below.

import { el } from './dom.js';
import { empty } from './parts.js';
import { amend, go, link, parse, withFilters } from './route.js';

/**
 * @columns: [{ name, cell: row => node, num?, wide?, hide? }]; the first names the row. @options: key: row => text that
 * stays the row's, caption for the ear, none: what stands there without rows, status: row => colour at its edge.
 */
export function table(columns, rows, options) {
	if (!rows.length)
		return options.none instanceof Node ? options.none : empty(options.none || 'Nothing here.');
	const shown = columns.filter((c) => c);
	/* The roles are said in words, too: a browser forgets them where a row is drawn as a card. */
	const cell = (r, c, i) => {
		const content = c.cell(r);

		return el(i ? 'td' : 'th', { scope: i ? null : 'row', role: i ? 'cell' : 'rowheader', 'data-label': c.name, class: c.num ? 'num' : c.class },
			content !== '' && el('div', {}, content));
	};
	const row = (r) => el('tr', { role: 'row', 'data-key': options.key ? options.key(r) : null, class: options.status ? `edge-${options.status(r)}` : null },
		shown.map((c, i) => cell(r, c, i)));

	return el('div', { class: 'table' }, el('div', { class: shown.length > 4 ? 'many' : 'few' }, el('table', { role: 'table' },
		el('caption', { class: 'unseen' }, options.caption),
		el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, shown.map((c) => el('th', { scope: 'col', role: 'columnheader', class: c.num ? 'num' : null }, c.name)))),
		el('tbody', { role: 'rowgroup' }, rows.map(row)))));
}

let typing = 0;

function typed(name) {
	return (event) => {
		const field = event.target;

		field.typing = true;
		clearTimeout(typing);
		typing = setTimeout(() => {
			field.typing = false;
			amend(withFilters({ [name]: field.value.trim() }));
		}, 250);
	};
}

/** A field whose value is the filter @name of the address. */
export function search(name, value, label) {
	return el('label', { class: 'field grow' }, el('span', {}, label),
		el('input', { type: 'search', id: `filter-${name}`, name, value, autocomplete: 'off', spellcheck: 'false', maxlength: '100', on: { input: typed(name) } }));
}

export function choice(name, value, label, options) {
	const known = options.some(([v]) => v === value);
	const all = known || !value ? options : [...options, [value, value]];

	return el('label', { class: 'field' }, el('span', {}, label),
		el('select', { id: `filter-${name}`, name, on: { change: (e) => go(withFilters({ [name]: e.target.value })) } },
			all.map(([v, text]) => el('option', { value: v, selected: v === (value || '') }, text))));
}

export function filters(...fields) {
	return el('form', { class: 'filters', role: 'search', 'data-key': 'filters', on: { submit: (e) => e.preventDefault() } }, fields);
}

/** First and next page; the place in the list is in the address, so Back is the page before. */
export function pager(at, next) {
	if (!at && !next)
		return null;
	return el('nav', { class: 'pager', 'aria-label': 'Pages of the list' },
		at && el('a', { href: withFilters({ at: '' }), class: 'button' }, 'First page'),
		next ? el('a', { href: withFilters({ at: next }), class: 'button', rel: 'next' }, 'Next page') : el('span', { class: 'muted' }, 'End of the list'));
}

/** A filter that is on, with the way to take it off. */
export function chips(rows) {
	const on = rows.filter(([, value]) => value);

	return on.length ? el('p', { class: 'chips' }, on.map(([name, value, text]) =>
		el('a', { class: 'chip', href: withFilters({ [name]: '' }), 'aria-label': `without ${name} ${text || value}` }, `${name}: ${text || value}`, el('span', { 'aria-hidden': 'true' }, ' ×')))) : null;
}

export const clearFilters = () => el('a', { href: link([parse(location.hash).page]), class: 'button' }, 'Show all');
