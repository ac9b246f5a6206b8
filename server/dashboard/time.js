// SPDX-License-Identifier: Apache-2.0
// Ages, by the server's clock: a wall screen's own may be wrong.

import { el } from './dom.js';

let ahead_s = 0; /* server minus us */

export function serverSaid(date) {
	const at = Date.parse(date);
	const off = (at - Date.now()) / 1000;

	if (Number.isFinite(off))
		ahead_s = Math.abs(off) > 5 ? off : 0;
}

export const now = () => Math.floor(Date.now() / 1000 + ahead_s);

const STEPS = [[60, 1, 's'], [3600, 60, 'min'], [86400, 3600, 'h'], [86400 * 90, 86400, 'd'], [Infinity, 86400 * 30.4, 'mo']];

export function age(seconds) {
	const s = Math.abs(seconds);
	const [, unit, name] = STEPS.find(([end]) => s < end);

	return `${Math.max(Math.floor(s / unit), s < 1 ? 0 : 1)} ${name}`;
}

function words(at) {
	const past = now() - at;

	if (past >= 0 && past < 5)
		return 'just now';
	return past < 0 ? `in ${age(past)}` : `${age(past)} ago`;
}

const absolute = (at) => new Date(at * 1000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const day = (at) => new Date(at * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });

export const hour = (at) => new Date(at * 1000).toLocaleString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** <time>: how long ago, with the moment itself in its title. */
export function ago(at) {
	if (!at)
		return el('span', { class: 'muted' }, 'never');
	return el('time', { datetime: new Date(at * 1000).toISOString(), 'data-at': String(at), title: absolute(at) }, words(at));
}

/** When something ends; 0 is never. */
export function until(at) {
	return at ? ago(at) : el('span', { class: 'muted' }, 'no end');
}

export function moment(at) {
	return el('time', { datetime: new Date(at * 1000).toISOString() }, absolute(at));
}

function refresh() {
	for (const t of document.querySelectorAll('time[data-at]')) {
		const text = words(Number(t.getAttribute('data-at')));

		if (t.textContent !== text)
			t.textContent = text;
	}
}

export function keepAges() {
	setInterval(refresh, 5000);
}
