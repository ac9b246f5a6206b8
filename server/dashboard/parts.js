// SPDX-License-Identifier: Apache-2.0
// What pages are put together from: heads, cards, facts, notes, dialogs.

import { el, data, listen } from './dom.js';

/** The top of a page: its one h1, what it is about, and what can be done. */
export function head(title, about, actions) {
	return el('div', { class: 'head' },
		el('div', {}, el('h1', { id: 'title', tabindex: '-1' }, title), about && el('p', { class: 'about' }, about)),
		actions && el('div', { class: 'actions' }, actions));
}

export function card(title, ...body) {
	return cardOf(title, {}, ...body);
}

let cards = 0;

/** @props.key keeps it the same through refreshes; @props.note stands beside the title. */
export function cardOf(title, props, ...body) {
	const id = `card-${props.key || ++cards}`;

	return el('section', { class: `card ${props.class || ''}`, 'aria-labelledby': id, 'data-key': props.key || title },
		el('div', { class: 'card-head' }, el('h2', { id }, title), props.note && el('div', { class: 'note' }, props.note)), body);
}

/** Names and values: [[name, value], ...]; one without a value is left out. */
export function facts(rows) {
	return el('dl', { class: 'facts' }, rows.filter(([, v]) => v !== null && v !== undefined && v !== '')
		.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value instanceof Node || Array.isArray(value) ? value : data(value)))));
}

export function empty(text, ...more) {
	return el('div', { class: 'empty' }, el('p', {}, text), more);
}

export function problemBox(e) {
	return el('div', { class: 'problem', role: 'alert' }, el('strong', {}, e.message),
		e.status === 403 && el('p', {}, 'The token of this session has no right to it.'));
}

export const code = (text) => el('code', {}, text);

/** A command for the shell, to be read and copied. */
export function command(text) {
	const say = el('span', { class: 'copied', role: 'status' });
	const copy = el('button', { type: 'button', class: 'quiet', 'aria-label': `copy: ${text}`, on: {
		click: async () => {
			try {
				await navigator.clipboard.writeText(text);
				say.textContent = 'copied';
			} catch {
				say.textContent = 'not copied';
			}
		},
	} }, 'copy');

	return el('div', { class: 'command' }, el('pre', { tabindex: '0', role: 'group', 'aria-label': 'command' }, el('code', {}, text)), copy, say);
}

export function more(summary, ...body) {
	return el('details', { class: 'more', 'data-key': `more-${summary}` }, el('summary', {}, summary), body);
}

/** A share of a whole as a bar; @parts are [status, n]. */
export function bar(parts, label) {
	const all = parts.reduce((sum, [, n]) => sum + n, 0);

	return el('div', { class: 'bar', role: 'img', 'aria-label': label },
		parts.filter(([, n]) => n > 0).map(([status, n]) => el('span', { class: `fill-${status}`, vars: { part: String(n / all) } })));
}

/** Ask before what cannot be taken back. Resolves to true or false. */
export function confirm(title, text, verb) {
	return new Promise((done) => {
		const close = () => box.close();
		const box = el('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title', on: {
			close: () => {
				box.remove();
				done(box.returnValue === 'yes');
			},
		} },
		el('h2', { id: 'dialog-title' }, title), el('p', {}, text),
		el('div', { class: 'actions' },
			el('button', { type: 'button', class: 'plain', on: { click: close } }, 'Keep it'),
			el('button', { type: 'button', class: 'danger', on: { click: () => box.close('yes') } }, verb)));

		document.body.append(box);
		box.showModal();
		box.querySelector('button').focus();
	});
}

const TOAST_MS = 9000;

/** A short word at the edge of the page; a screen reader hears it. */
export function toast(text, status, href) {
	const place = document.getElementById('toasts');
	const close = el('button', { type: 'button', class: 'quiet', 'aria-label': 'dismiss' }, '×');
	const note = el('div', { class: `toast is-${status || 'none'}` },
		href ? el('a', { href }, text) : el('span', {}, text), close);
	let timer = 0;
	const gone = () => note.remove();
	const wait = () => (timer = setTimeout(gone, TOAST_MS));

	listen(close, { click: gone });
	listen(note, { mouseenter: () => clearTimeout(timer), mouseleave: wait });
	while (place.children.length >= 3)
		place.firstChild.remove();
	place.append(note);
	wait();
}
