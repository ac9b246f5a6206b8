// SPDX-License-Identifier: Apache-2.0
// One host: what is wrong with it first, then all that is known of it.

import { get, getOr } from './api.js';
import { el, data } from './dom.js';
import { bootCard } from './host_boot.js';
import { inventoryCard } from './host_inventory.js';
import { cardOf, code, empty, facts, head } from './parts.js';
import { reasonList, worstReason } from './reasons.js';
import { link } from './route.js';
import { table } from './table.js';
import { ago } from './time.js';
import { badge, deviceLink, plural, reasonOf, short, word } from './words.js';

export const title = (c) => c.parts[0];

function sentence(h) {
	const worst = worstReason(h.reasons);

	if (h.status === 'revoked' || h.state === 'revoked')
		return 'An operator has revoked this host: nothing is released to it.';
	if (h.status === 'never' || !h.attested)
		return 'It is enrolled and has not attested yet.';
	if (h.status === 'stale')
		return `It has not attested for too long; it was ${word(h.last_status)} then.${worst ? ` ${worst.text}` : ''}`;
	return worst ? worst.text : 'Everything that it measured is as the reference values want it.';
}

function verdict(h) {
	return el('section', { class: `verdict is-${h.status}`, 'aria-labelledby': 'verdict', 'data-key': 'verdict' },
		el('h2', { id: 'verdict', class: 'row' }, el('span', { class: 'unseen' }, 'Verdict: '), badge(h.status, h.last_status), el('span', { class: 'muted small' }, h.since && ['since ', ago(h.since)])),
		el('p', { class: 'lead' }, data(sentence(h))),
		el('p', { class: 'muted' }, 'attested ', ago(h.attested)));
}

function why(h) {
	return h.reasons?.length ? cardOf('Why', { key: 'why', note: plural(h.reasons.filter((r) => !r.alternative).length, 'reason') }, reasonList(h.reasons)) : null;
}

function nextBoot(n) {
	const tier = { accepted: 'affirming', refused: 'contraindicated' }[n?.status] || 'none';

	return n ? cardOf('Next boot', { key: 'next' }, el('div', { class: `edge-${tier} boxed` },
		el('p', { class: 'sentence' }, data(n.text)),
		el('p', { class: 'muted small' }, 'announced ', ago(n.proposed), ' as ', el('a', { href: link(['proposals', n.proposal]) }, data(n.release || short(n.proposal)))))) : null;
}

const deviceColumns = [
	{ name: 'Device', cell: (d) => deviceLink(d.label, d.leaf_key) },
	{ name: 'Verdict', cell: (d) => badge(d.status) },
	{ name: 'Address', cell: (d) => data(d.address || '–', { class: 'code' }) },
	{ name: 'Firmware', cell: (d) => (d.firmware ? el('a', { href: link(['devices'], { model: d.model, firmware: d.firmware }) }, data(d.firmware)) : el('span', { class: 'muted' }, 'not told')) },
	{ name: 'SPDM', cell: (d) => (typeof d.spdm_version === 'number' ? `1.${d.spdm_version}` : data(d.spdm_version || '–')) },
	{ name: 'Source', cell: (d) => data(d.source || '–') },
	{ name: 'Matched', num: true, cell: (d) => `${d.matched ?? 0} of ${d.elements ?? 0}` },
	{ name: 'Note', class: 'wide', cell: (d) => data(d.note || '') },
];

function devices(list) {
	return cardOf('Devices that gave evidence', { key: 'devices', note: plural(list.length, 'device') },
		table(deviceColumns, list, { caption: 'Devices of this host', key: (d) => d.label, status: (d) => d.status, none: 'None gave evidence.' }));
}

function history(list, name) {
	return cardOf('History', { key: 'history' }, list.length ? el('ol', { class: 'changes' }, list.map((c) =>
		el('li', { class: `edge-${c.status}`, 'data-key': `change-${c.seq}` },
			el('p', {}, c.was ? `from ${word(c.was)} to ` : 'first verdict: ', el('strong', { class: `ink-${c.status}` }, word(c.status)), c.reason && [': ', reasonOf(c.reason)]),
			el('p', { class: 'muted small' }, ago(c.time))))) : empty(`The verdict of ${name} has not changed yet.`));
}

function identity(h) {
	return cardOf('Identity', { key: 'identity' }, facts([
		['Group', el('a', { href: link(['hosts'], { group: h.group }) }, data(h.group))],
		['State', h.state], ['UEID', data(h.ueid, { class: 'code' })],
		['EK trusted by', h.ek_trust], ['EK hash', data(h.ek_hash, { class: 'code' })],
		['AK', (h.aks || []).map((a) => el('div', {}, short(a.name, 20), ` ${a.state}, since `, ago(a.since)))],
		['Deployment', data(h.deployment, { class: 'code' })],
	]));
}

function doNext(h) {
	const offer = [['assay host show', `assay host show ${h.name}`], ['assay host boot', `assay host boot ${h.name}`]];

	return cardOf('From a shell', { key: 'shell' }, el('ul', { class: 'plain' }, offer.map(([, text]) => el('li', {}, code(text)))),
		h.ek_trust === 'token' && el('p', { class: 'sentence' }, 'It joined by a token alone. Compare its EK hash, then: ', code(`assay host confirm ${h.name} --ek-hash ${h.ek_hash}`)));
}

export async function show(c) {
	const name = c.parts[0], path = `hosts/${encodeURIComponent(name)}`;
	const h = await get(path, {}, c.signal);
	const [boot, inventory, changes] = await Promise.all([
		h.attested ? getOr({ boots: [] }, `${path}/boot`, {}, c.signal) : { boots: [] }, h.attested ? getOr(null, `${path}/inventory`, {}, c.signal) : null,
		getOr({ changes: [] }, 'changes', { host: name, limit: 20 }, c.signal),
	]);
	const evidence = h.attested ? el('a', { class: 'button', href: `/api/v1/${path}/evidence`, download: true }, 'Download its evidence') : null;

	return el('div', {}, head(data(h.name), [el('a', { href: link(['hosts']) }, 'Hosts'), ' / ', el('a', { href: link(['hosts'], { group: h.group }) }, data(h.group))], evidence),
		verdict(h), why(h), nextBoot(h.next_boot), devices(h.devices || []),
		el('div', { class: 'grid' }, bootCard(boot.boots), history(changes.changes, h.name), identity(h), doNext(h)),
		inventory && inventoryCard(inventory));
}
