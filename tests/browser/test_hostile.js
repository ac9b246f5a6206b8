// SPDX-License-Identifier: Apache-2.0
// The fleet's names, versions, subjects and ids are scripts, control characters and marks that turn text around.

import fs from 'node:fs';
import { SHORT, assert, test } from './harness.js';

const RAW = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]';

async function pages(tab) {
	const { models } = await tab.rig.api('firmware'), { corims } = await tab.rig.api('refvals');
	const { proposals } = await tab.rig.api('proposals');
	const hosts = await tab.rig.all('hosts', 'hosts'), devices = await tab.rig.all('devices', 'devices'), { certificate } = tab.rig.plan.states;

	/* those whose reason repeats what a certificate says of itself, then by their numbers, which the texts follow */
	const first = (h) => [certificate.includes(h.name) ? 0 : h.status === 'never' ? 2 : 1, h.name.match(/\d+$/)[0]].join();

	hosts.sort((a, b) => (first(a) < first(b) ? -1 : 1));
	return ['#/', '#/hosts', '#/hosts?order=name', '#/devices', '#/firmware', '#/refvals', '#/proposals', '#/secrets', '#/audit', '#/tokens',
		...hosts.slice(0, SHORT ? 8 : 14).map((h) => `#/hosts/${encodeURIComponent(h.name)}`), ...models.map((m) => `#/firmware/${encodeURIComponent(m.model)}`),
		...corims.slice(0, SHORT ? 3 : 8).map((c) => `#/refvals/${c.digest}`), ...devices.slice(0, 2).map((d) => `#/devices/${d.leaf_key}`), ...proposals.map((p) => `#/proposals/${p.digest}`)];
}

test('hostile texts are shown on every page and run on none', { allow: [/status of 404/] }, async (tab, { out }) => {
	let shown = '', escapes = 0;

	for (const hash of await pages(tab)) {
		await tab.open(hash);
		for (const d of await tab.page.locator('main details').all())
			await d.evaluate((n) => (n.open = true));
		shown += await tab.text('main');
		escapes += await tab.page.locator('main .mark').count();
		const raw = await tab.page.evaluate((r) => {
			const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			const found = [];

			for (let n = walk.nextNode(); n; n = walk.nextNode())
				if (new RegExp(r).test(n.nodeValue) && n.nodeValue.trim())
					found.push(n.nodeValue);
			for (const e of document.body.querySelectorAll('*'))
				for (const a of e.attributes)
					if (new RegExp(r).test(a.value))
						found.push(`${a.name}=${a.value}`);
			return found;
		}, RAW);

		assert.deepEqual(raw, [], hash);
		assert.equal(await tab.page.locator('main script, main img, main iframe, main object, main [onerror], main [onclick]').count(), 0, hash);
		await tab.noWider(hash);
	}
	assert.ok(shown.includes('<script>'), 'a script stands there as text');
	assert.ok(shown.includes('DROP TABLE'), 'SQL stands there as text');
	assert.match(shown, /leaf certificate serialNumber=.*CN=.* lacks digitalSignature/, 'a subject stands in a reason');
	assert.match(shown, /<script>alert\(document.domain\)<\/script>\s+Proposals \/ /, 'a release of a proposal is one');
	for (const mark of ['202e', '1b', '85', '200b', 'd'])
		assert.ok(shown.includes(`\\u{${mark}}`), `\\u{${mark}} stands there as an escape`);
	assert.ok(escapes > 0);
	await tab.open('#/firmware');
	await tab.page.screenshot({ path: `${out}/hostile.png`, fullPage: true });
});

test('hostile texts in the address bar are looked for and nothing else', { allow: [/status of 40[04]/] }, async (tab) => {
	for (const bad of ['<img src=x onerror=alert(1)>', '\'; DROP TABLE hosts; --', '\u202egpj', '../../../etc/passwd', '%', '%00', '{{7*7}}', 'a'.repeat(3000)]) {
		for (const hash of [`#/hosts?q=${encodeURIComponent(bad)}`, `#/hosts/${encodeURIComponent(bad)}`, `#/firmware/${encodeURIComponent(bad)}`, `#/audit?event=${encodeURIComponent(bad)}`, `#/${encodeURIComponent(bad)}`, `#/hosts?status=${encodeURIComponent(bad)}`]) {
			await tab.page.evaluate((h) => (location.hash = h), hash);
			await tab.settled();
			assert.equal(await tab.page.locator('main script, main img').count(), 0);
		}
	}
	await tab.open('#/');
	assert.equal(await tab.text('h1'), 'Overview');
});

test('the log of the server tells of them, and each of its lines is its own', async (tab) => {
	const log = fs.readFileSync(`${tab.rig.work}/server.log`, 'latin1').split('\n').filter(Boolean);

	assert.ok(log.length > 20);
	for (const line of log)
		assert.match(line, /^time=\S+ level=\w+ event=[\x20-\x7e]*$/);
});

test('names that the server turned away are nowhere', async (tab) => {
	assert.ok(tab.rig.plan.turned_away.length > 0, 'the generator tried');
	const hosts = await tab.rig.all('hosts', 'hosts');

	for (const h of hosts)
		assert.match(h.name, /^[A-Za-z0-9._-]+$/);
});
