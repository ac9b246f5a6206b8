// SPDX-License-Identifier: Apache-2.0
// How the fleet is, the worst first: for a wall, and for a phone at night.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { chart } from './graph.js';
import { bar, card, cardOf, command, empty, head } from './parts.js';
import { link } from './route.js';
import { ago } from './time.js';
import { STATUSES, badge, changeSentence, count, hostLink, plural, reasonOf, statusIcon, word } from './words.js';

const WORST = [['contraindicated', 8], ['warning', 5], ['stale', 4]];

export const title = () => 'Overview';

function tile(status, n, all) {
	const share = all ? Math.round((n / all) * 1000) / 10 : 0;

	return el('li', { class: `tile is-${status} ${n ? 'some' : 'zero'}`, 'data-key': `tile-${status}` },
		el('a', { href: link(['hosts'], { status }) },
			el('span', { class: 'tile-n', id: `n-${status}` }, count(n)),
			el('span', { class: 'tile-word' }, statusIcon(status), word(status)),
			el('span', { class: 'tile-share' }, n && share < 0.1 ? '< 0.1 %' : `${share} %`)));
}

function tiles(hosts) {
	return el('section', { 'aria-labelledby': 'counts', 'data-key': 'counts' },
		el('h2', { id: 'counts', class: 'unseen' }, 'Hosts by verdict'),
		el('ul', { class: 'tiles' }, STATUSES.map((s) => tile(s, hosts[s], hosts.total))),
		bar(STATUSES.map((s) => [s, hosts[s]]), STATUSES.map((s) => `${word(s)} ${hosts[s]}`).join(', ')));
}

function switches(list) {
	return list.length ? el('div', { class: 'loud', role: 'alert', 'data-key': 'switches' },
		el('strong', {}, `Test ${list.length === 1 ? 'switch' : 'switches'} on: this server is not for production. `),
		el('ul', {}, list.map((s) => el('li', {}, data(s, { class: 'code' }))))) : null;
}

function worstRow(h) {
	return el('li', { class: `edge-${h.status}`, 'data-key': h.ueid || h.name },
		el('div', { class: 'row' }, badge(h.status, h.last_status), el('span', { class: 'strong' }, hostLink(h.name)),
			el('span', { class: 'muted' }, data(h.group)), el('span', { class: 'muted push' }, ago(h.since || h.attested))),
		h.reason && el('p', { class: 'sentence' }, reasonOf(h.reason)));
}

function worst(lists, hosts) {
	const rows = lists.flat();
	const all = WORST.reduce((n, [s]) => n + (hosts[s] || 0), 0);

	return cardOf('Needs attention', { key: 'worst', note: all > rows.length && WORST.filter(([s]) => hosts[s]).map(([s], i) =>
		[i ? ' · ' : '', el('a', { href: link(['hosts'], { status: s }) }, `all ${count(hosts[s])} ${word(s)}`)]) },
	rows.length ? el('ul', { class: 'worst' }, rows.map(worstRow)) : empty('Nothing: every host that was seen is affirmed.'));
}

function trend(list) {
	const lines = STATUSES.filter((s) => s !== 'revoked');
	const series = lines.map((s) => ({ name: word(s), color: s, off: s === 'affirming', points: list.map((t) => ({ x: t.time, y: t[s] || 0 })) }));
	const first = list[0], last = list[list.length - 1];

	return card('The last seven days', list.length > 1 ? chart({
		key: 'trend', series,
		label: `Hosts by verdict, hour by hour. Refused went from ${first.contraindicated} to ${last.contraindicated}, warned from ${first.warning} to ${last.warning}.`,
	}) : empty('No line yet: the first hour is still running, or the token is for some groups only.'));
}

function today(changes) {
	return cardOf('What changed', { key: 'today', note: `${plural(changes.day, 'change')} in 24 hours` },
		changes.latest.length ? el('ol', { class: 'changes' }, changes.latest.slice(0, 12).map((c) =>
			el('li', { 'data-key': `change-${c.seq}`, class: `edge-${c.status}` }, el('p', {}, changeSentence(c)), el('p', { class: 'muted small' }, ago(c.time))))) :
			empty('No verdict has changed yet.'));
}

function pending(o, proposals) {
	const open = proposals.filter((p) => !p.corim && p.next_boot?.status !== 'accepted');

	return cardOf('Waiting for a signature', { key: 'pending', note: el('a', { href: link(['proposals']) }, plural(o.proposals_pending, 'proposal')) },
		open.length ? el('ul', { class: 'changes' }, open.slice(0, 5).map((p) => el('li', { 'data-key': p.digest },
			el('p', {}, el('a', { href: link(['proposals', p.digest]) }, data(p.release || 'next boot')), ' on ', plural(p.hosts.length, 'host'), p.next_boot && [': ', data(p.next_boot.text)]),
			el('p', { class: 'muted small' }, ago(p.time))))) :
			empty('No host has announced a boot that nobody has signed.'));
}

function nobody() {
	return card('No host yet', el('p', {}, 'Two commands bring the first one here. With the token of an operator, for the machine that will be ', el('em', {}, 'db-1'), ':'),
		command('assay host add --ek-hash $(ssh root@db-1 assay-agent ek-hash) --name db-1'),
		el('p', {}, 'and on that machine, with the [server] section that assay-server init printed in /etc/assay/agent.conf:'),
		command('assay-agent enroll && systemctl enable --now assay-agent'),
		el('p', { class: 'muted' }, 'This page changes by itself when it has attested.'));
}

const fleetFacts = (o) => [plural(o.hosts.total, 'host'), ', ', plural(o.devices, 'device'), ' of ', plural(o.models, 'model'),
	', as of ', ago(o.time), '. A verdict is stale after ', plural(Math.round(o.stale_after_s / 360) / 10, 'hour'), '.'];

export async function show(c) {
	const [o, proposals, ...lists] = await Promise.all([
		get('overview', {}, c.signal),
		getOr({ proposals: [] }, 'proposals', {}, c.signal),
		...WORST.map(([status, limit]) => get('hosts', { status, limit }, c.signal).then((l) => l.hosts)),
	]);

	if (!o.hosts.total)
		return el('div', {}, head('Overview', 'An empty fleet.'), switches(o.test_switches), nobody());
	return el('div', {}, head('Overview', fleetFacts(o)), switches(o.test_switches), tiles(o.hosts),
		el('div', { class: 'columns' },
			el('div', { class: 'column' }, worst(lists, o.hosts), pending(o, proposals.proposals)),
			el('div', { class: 'column' }, trend(o.trend), today(o.changes))),
		el('p', { class: 'muted small' }, 'assay ', data(o.version), ' ', data(o.commit, { class: 'code' })));
}
