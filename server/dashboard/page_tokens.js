// SPDX-License-Identifier: Apache-2.0
// Who may call the API: tokens are made, shown once, and revoked.

import { change, get } from './api.js';
import { el, data } from './dom.js';
import { cardOf, confirm, head, toast } from './parts.js';
import { table } from './table.js';
import { ago, until } from './time.js';
import { plural } from './words.js';

const ROLES = [['viewer', 'viewer: sees'], ['provisioner', 'provisioner: expects hosts'], ['operator', 'operator: decides'], ['admin', 'admin: all of it']];
const TIER = { active: 'affirming', revoked: 'revoked', expired: 'stale', changed: 'contraindicated' };

export const title = () => 'Tokens';

async function revoke(t, c) {
	if (!await confirm(`Revoke ${t.name}?`, `Whoever holds the token ${t.name} (${t.role}) is shut out at once, for good. Its open pages end.`, 'Revoke it'))
		return;
	try {
		await change('DELETE', `tokens/${encodeURIComponent(t.name)}`);
		toast(`The token ${t.name} is revoked.`, 'revoked');
	} catch (e) {
		toast(e.message, 'contraindicated');
	}
	c.again();
}

const columns = (c) => [
	{ name: 'Name', cell: (t) => [data(t.name), t.name === c.self.name && el('span', { class: 'muted small' }, ' (this session)')] },
	{ name: 'Role', cell: (t) => data(t.role) },
	{ name: 'Groups', cell: (t) => (t.groups.length ? data(t.groups.join(', ')) : 'all') },
	{ name: 'State', cell: (t) => el('span', { class: `badge is-${TIER[t.state] || 'none'}` }, t.state === 'changed' ? 'its row was changed' : t.state) },
	{ name: 'Made', cell: (t) => ago(t.created) },
	{ name: 'Ends', cell: (t) => until(t.not_after) },
	{ name: 'Action', cell: (t) => (t.state === 'revoked' ? '' : el('button', { type: 'button', class: 'quiet danger-ink', 'aria-label': `revoke ${t.name}`, on: { click: () => revoke(t, c) } }, 'Revoke')) },
];

/* The text lives in this page only: a refresh leaves it, another page forgets it. */
function shown(t) {
	return el('div', { class: 'boxed edge-warning', role: 'status' }, el('p', {}, el('strong', {}, `The token ${t.name}, shown this once: `)),
		el('pre', { class: 'once', tabindex: '0', id: 'new-token', role: 'group', 'aria-label': 'text of the token' }, t.token),
		el('p', { class: 'muted' }, 'The server keeps its hash only. Put it into a file that only its user reads.'));
}

async function make(form, c) {
	const say = form.querySelector('.problem'), out = document.getElementById('made');
	const f = new FormData(form);
	const groups = f.get('groups').split(/[\s,]+/).filter(Boolean);
	const body = { name: f.get('name').trim(), role: f.get('role'), groups };

	say.hidden = true;
	if (f.get('until'))
		body.until = f.get('until');
	try {
		const t = await change('POST', 'tokens', body);

		form.reset();
		out.replaceChildren(shown(t));
		document.getElementById('new-token').focus();
		c.again();
	} catch (e) {
		say.textContent = e.message;
		say.hidden = false;
	}
}

function keepIt(node) {
	node.refresh = () => {};
	return node;
}

function form(c) {
	return keepIt(el('form', { class: 'stack', 'data-key': 'make', on: { submit: (e) => {
		e.preventDefault();
		make(e.target, c);
	} } },
	el('div', { class: 'filters' },
		el('label', { class: 'field' }, el('span', {}, 'Name'), el('input', { name: 'name', id: 'token-name', required: true, maxlength: '64', autocomplete: 'off', spellcheck: 'false' })),
		el('label', { class: 'field' }, el('span', {}, 'Role'), el('select', { name: 'role', id: 'token-role' }, ROLES.map(([v, text]) => el('option', { value: v }, text)))),
		el('label', { class: 'field' }, el('span', {}, 'Groups, empty for all'), el('input', { name: 'groups', id: 'token-groups', autocomplete: 'off', spellcheck: 'false' })),
		el('label', { class: 'field' }, el('span', {}, 'Ends'), el('select', { name: 'until', id: 'token-until' }, [['+30d', 'in 30 days'], ['+90d', 'in 90 days'], ['+365d', 'in a year'], ['', 'never']].map(([v, text]) => el('option', { value: v }, text)))),
		el('button', { type: 'submit', class: 'primary' }, 'Make it')),
	el('p', { class: 'problem', role: 'alert', hidden: true }),
	el('div', { id: 'made' })));
}

export async function show(c) {
	const got = await get('tokens', {}, c.signal);
	const order = { active: 0, changed: 0, expired: 1, revoked: 2 };
	const rows = [...got.tokens].sort((a, b) => order[a.state] - order[b.state] || b.created - a.created);

	return el('div', {}, head('Tokens', [plural(rows.filter((t) => t.state === 'active').length, 'token'), ' that may call the API.']),
		cardOf('A new one', { key: 'new' }, form(c)),
		cardOf('Tokens', { key: 'tokens' }, table(columns(c), rows, { caption: 'Tokens', key: (t) => `token-${t.name}-${t.created}`, none: 'None.' })));
}
