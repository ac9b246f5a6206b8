// SPDX-License-Identifier: Apache-2.0
// News by server-sent events. When they do not come the page says so, and asks every 30 seconds.

import { get } from './api.js';

const POLL_MS = 30000;
const RETRY_MIN_MS = 2000, RETRY_MAX_MS = 60000;

let source = null, poll = 0, retry = 0, wait_ms = RETRY_MIN_MS, wanted = false;
let tell = { change() {}, refresh() {}, state() {} };

function stopPolling() {
	clearInterval(poll);
	poll = 0;
}

function lost() {
	tell.state(false);
	if (!poll)
		poll = setInterval(() => tell.refresh(), POLL_MS);
}

/* A browser goes on by itself after a broken connection, never after a refusal. */
function again() {
	source?.close();
	source = null;
	clearTimeout(retry);
	retry = setTimeout(async () => {
		try {
			await get('tokens/self'); /* a 401 ends the session */
		} catch { /* asked again below */ }
		if (wanted)
			connect();
	}, wait_ms * (0.75 + Math.random() / 2));
	wait_ms = Math.min(wait_ms * 2, RETRY_MAX_MS);
}

function connect() {
	let missed = poll !== 0;

	source = new EventSource('/api/v1/events');
	source.onopen = () => {
		wait_ms = RETRY_MIN_MS;
		stopPolling();
		tell.state(true);
		if (missed)
			tell.refresh();
		missed = false;
	};
	source.onerror = () => {
		missed = true;
		lost();
		if (source?.readyState === EventSource.CLOSED)
			again();
	};
	source.addEventListener('change', (e) => {
		try {
			tell.change(JSON.parse(e.data));
		} catch { /* a page of a version that does not know it is refreshed all the same */
			tell.refresh();
		}
	});
	source.addEventListener('overview', () => tell.refresh());
	source.addEventListener('reload', () => tell.refresh());
}

/** @hooks: change(c), refresh(), state(is live). */
export function start(hooks) {
	tell = hooks;
	wanted = true;
	if (!source)
		connect();
}

export function stop() {
	wanted = false;
	clearTimeout(retry);
	stopPolling();
	source?.close();
	source = null;
}
