// SPDX-License-Identifier: Apache-2.0
// Every PCI function of a host as it was accepted, those that can be asked for evidence first.

import { el, data } from './dom.js';
import { cardOf, more } from './parts.js';
import { table } from './table.js';
import { ago } from './time.js';
import { plural } from './words.js';

const hex = (v, n) => (typeof v === 'number' ? v.toString(16).padStart(n, '0') : v || '');

const yes = (v) => (v === undefined || v === null || v === '' ? '–' : v === true ? 'yes' : v === false ? 'no' : data(v));

const columns = [
	{ name: 'Address', cell: (f) => data(f.address || f.label || '–', { class: 'code' }) },
	{ name: 'Model', cell: (f) => data(`${hex(f.vendor, 4)}:${hex(f.device, 4)}`, { class: 'code' }) },
	{ name: 'Class', cell: (f) => data(hex(f.class, 6), { class: 'code' }) },
	{ name: 'Driver', cell: (f) => data(f.driver || '–') },
	{ name: 'Serial', cell: (f) => data(f.serial || '–', { class: 'code' }) },
	{ name: 'Behind', cell: (f) => data(f.parent || '–', { class: 'code' }) },
	{ name: 'IOMMU', cell: (f) => yes(f.iommu) },
	{ name: 'Can attest', cell: (f) => yes(f.cma) },
];

export function inventoryCard(i) {
	const list = i.functions || [];
	const able = list.filter((f) => f.cma), rest = list.filter((f) => !f.cma);
	const options = { caption: 'PCI functions', key: (f) => `fn-${f.address || f.label}`, none: 'None.' };

	return cardOf('Inventory', { key: 'inventory', note: ['accepted ', ago(i.set_at), i.set_by && [' by ', data(i.set_by)]] },
		el('p', { class: 'muted' }, `${plural(list.length, 'function')}, ${able.length} of them can be asked for evidence.`),
		able.length ? table(columns, able, options) : null,
		rest.length ? more(`${plural(rest.length, 'function')} without evidence`, table(columns, rest, options)) : null);
}
