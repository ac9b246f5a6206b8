// SPDX-License-Identifier: Apache-2.0
// /api/v1 with the cookie of sign-in. A refusal becomes a Problem that says what the server said.

import { serverSaid } from './time.js';

export class Problem extends Error {
	constructor(status, title, detail) {
		super(detail ? `${title}: ${detail}` : title);
		this.status = status;
	}
}

const KEPT_MAX = 60;
const kept = new Map(); /* address -> { tag, body }: a list that did not change is not sent again */
let signedOut = () => {};

export function onSignedOut(f) {
	signedOut = f;
}

export function forget() {
	kept.clear();
}

function remember(path, tag, body) {
	kept.delete(path);
	kept.set(path, { tag, body });
	if (kept.size > KEPT_MAX)
		kept.delete(kept.keys().next().value);
}

async function problemOf(answer) {
	let told = {};

	try {
		told = await answer.json();
	} catch { /* not ours: a proxy's page */ }
	return new Problem(answer.status, told.title || `The server answered ${answer.status}`, told.detail || '');
}

async function ask(path, options) {
	let answer;

	try {
		answer = await fetch(`/api/v1/${path}`, { credentials: 'same-origin', cache: 'no-store', redirect: 'error', ...options });
	} catch (e) {
		if (e.name === 'AbortError')
			throw e;
		throw new Problem(0, 'The server does not answer');
	}
	serverSaid(answer.headers.get('Date'));
	return answer;
}

/** A filter for what is empty, where leaving it out means anything. */
export const NOTHING = Symbol('nothing');

function whole(path, query) {
	const q = new URLSearchParams();

	for (const [key, value] of Object.entries(query || {}))
		if (value !== undefined && value !== null && value !== '')
			q.set(key, value === NOTHING ? '' : value);
	return q.size ? `${path}?${q}` : path;
}

/** GET; a query of empty values is left out. */
export async function get(where, query, signal) {
	const path = whole(where, query);
	const old = kept.get(path);
	const answer = await ask(path, { signal, headers: old ? { 'If-None-Match': old.tag } : {} });

	if (answer.status === 304 && old)
		return old.body;
	if (answer.status === 401)
		signedOut();
	if (!answer.ok)
		throw await problemOf(answer);
	const body = await answer.json();
	const tag = answer.headers.get('ETag');

	if (tag)
		remember(path, tag, body);
	return body;
}

/** The same, or @fallback where there is none (404) or the token may not (403). */
export async function getOr(fallback, path, query, signal) {
	try {
		return await get(path, query, signal);
	} catch (e) {
		if (e.status === 404 || e.status === 403)
			return fallback;
		throw e;
	}
}

export async function change(method, path, body) {
	const answer = await ask(path, {
		method,
		headers: { 'X-Assay-Request': '1', ...(body ? { 'Content-Type': 'application/json' } : {}) },
		body: body ? JSON.stringify(body) : undefined,
	});

	if (answer.status === 401 && path !== 'sign-in')
		signedOut();
	if (!answer.ok)
		throw await problemOf(answer);
	return answer.status === 204 ? null : answer.json();
}
