// SPDX-License-Identifier: Apache-2.0

import { change } from './api.js';
import { el } from './dom.js';
import { code } from './parts.js';

async function submit(form, done) {
	const field = form.querySelector('#token'), button = form.querySelector('button'), say = form.querySelector('.problem');
	const token = field.value.trim();

	say.hidden = true;
	if (!token) {
		field.focus();
		return;
	}
	button.disabled = true;
	try {
		await change('POST', 'sign-in', { token });
		field.value = '';
		await done();
	} catch (e) {
		say.hidden = false;
		say.textContent = e.status === 401 ? 'This token is not known here, or it was revoked or has ended.' : e.message;
		field.select();
		field.focus();
	} finally {
		button.disabled = false;
	}
}

/** @why: what to say first; @done: called when the cookie is there. */
export function signIn(why, done) {
	const form = el('form', { class: 'sign-in', on: { submit: (e) => {
		e.preventDefault();
		submit(form, done);
	} } },
	el('h1', { id: 'title', tabindex: '-1' }, 'Sign in to assay'),
	el('p', { class: 'about', role: 'status' }, why || 'With a token of the API.'),
	el('label', { class: 'field' }, el('span', {}, 'Token'),
		el('input', { type: 'password', id: 'token', name: 'token', autocomplete: 'current-password', spellcheck: 'false', maxlength: '200', required: true, 'aria-describedby': 'token-from' })),
	el('p', { class: 'problem', role: 'alert', hidden: true }),
	el('button', { type: 'submit', class: 'primary' }, 'Sign in'),
	el('p', { class: 'muted small', id: 'token-from' }, 'The first one was printed by ', code('assay-server init'), '; more are made by ',
		code('assay token create'), '. It is kept in a cookie that no script can read, for twelve hours.'));

	return form;
}
