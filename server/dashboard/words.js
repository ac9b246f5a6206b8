// SPDX-License-Identifier: Apache-2.0
// The words for what the server counts: one name for a status, on every page.

import { el, icon, data } from './dom.js';
import { link } from './route.js';

/* The worst first; this order is that of tiles, filters and lists. */
export const STATUSES = ['contraindicated', 'warning', 'stale', 'never', 'affirming', 'revoked'];

const WORDS = {
	contraindicated: { word: 'refused', draw: 'M4 4l8 8M12 4l-8 8' },
	warning: { word: 'warned', draw: 'M8 3v6M8 12v.5' },
	stale: { word: 'stale', draw: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.5l2.5 1.5' },
	never: { word: 'never seen', draw: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11' },
	affirming: { word: 'affirmed', draw: 'M3 8.5l3.5 3.5l6.5-8' },
	revoked: { word: 'revoked', draw: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4 12L12 4' },
	none: { word: 'no verdict', draw: 'M4 8h8' },
};

export const word = (status) => WORDS[status]?.word || String(status || 'unknown');

const known = (status) => (WORDS[status] ? status : 'none');

export const statusIcon = (status) => icon(WORDS[known(status)].draw);

export function badge(status, last) {
	return el('span', { class: `badge is-${known(status)}` }, statusIcon(status), word(status),
		last && last !== status && el('span', { class: 'was' }, `was ${word(last)}`));
}

export function plural(n, one, many) {
	return `${count(n)} ${n === 1 ? one : many || `${one}s`}`;
}

export const count = (n) => Number(n || 0).toLocaleString('en');

export const hostLink = (name) => el('a', { href: link(['hosts', name]) }, data(name));

export function deviceLink(label, leaf) {
	return leaf ? el('a', { href: link(['devices', leaf]), class: 'code' }, data(label)) : data(label, { class: 'code' });
}

const LONG_HEX = /[0-9a-f]{24,}/g;
const brief = (text) => String(text).replace(LONG_HEX, (hex) => `${hex.slice(0, 12)}…`);

/** A sentence of a list: digests by their beginnings, whole in its title and on the host's page. */
export function reasonOf(text) {
	return data(brief(text), { title: brief(text) === text ? null : text });
}

/** One change as a sentence; a text for a live region or, with links, for a list. */
export function changeText(c) {
	const from = c.was && c.was !== c.status ? `${word(c.was)} before` : 'first verdict';

	return `${c.host} is ${word(c.status)} (${from})${c.reason ? `: ${brief(c.reason)}` : ''}`;
}

export function changeSentence(c) {
	return [
		hostLink(c.host), ' is ', el('strong', { class: `ink-${known(c.status)}` }, word(c.status)), ', ',
		c.was ? `${word(c.was)} before` : 'its first verdict',
		c.reason ? [': ', reasonOf(c.reason)] : '.',
	];
}

/** "SHA-256 of something", short enough for a row; whole in its title. */
export function short(hex, n) {
	const s = String(hex || '');

	return el('span', { class: 'code short', title: s }, s.length > (n || 12) ? `${s.slice(0, n || 12)}…` : s);
}
