// SPDX-License-Identifier: Apache-2.0
// The address bar: #/page/part?filter=value. A filter is a part of the address, so Back and a bookmark work.

export function parse(hash) {
	const [path, query] = hash.replace(/^#\/?/, '').split('?');
	const parts = path.split('/').filter(Boolean).map((p) => {
		try {
			return decodeURIComponent(p);
		} catch {
			return p;
		}
	});

	return { page: parts[0] || 'overview', parts: parts.slice(1), query: new URLSearchParams(query || '') };
}

/** An address of a page; empty filters are left out. */
export function link(parts, filters) {
	const path = parts.map((p) => encodeURIComponent(p)).join('/');
	const q = new URLSearchParams();

	for (const [key, value] of Object.entries(filters || {}))
		if (value !== undefined && value !== null && value !== '')
			q.set(key, value);
	return `#/${path}${q.size ? `?${q}` : ''}`;
}

/** The address of here with some filters changed; a cursor of the old list means nothing in the new one. */
export function withFilters(changes) {
	const here = parse(location.hash);
	const all = { ...Object.fromEntries(here.query), at: '', ...changes };

	return link([here.page, ...here.parts], all);
}

export function go(address) {
	if (location.hash === address)
		return;
	location.hash = address;
}

/** The same as go(), without a step of its own for Back: while somebody types. */
export function amend(address) {
	if (location.hash === address)
		return;
	history.replaceState(null, '', address);
	dispatchEvent(new HashChangeEvent('hashchange'));
}
