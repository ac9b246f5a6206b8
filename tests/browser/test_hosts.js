// SPDX-License-Identifier: Apache-2.0

import fs from 'node:fs';
import { assert, test } from './harness.js';

const WORST = ['contraindicated', 'warning', 'stale', 'never', 'affirming', 'revoked'];
const names = (tab) => tab.page.locator('tbody tr th a').evaluateAll((list) => list.map((a) => a.textContent));

test('without a filter the worst hosts come first, page by page, until each was there once', async (tab) => {
	const all = await tab.rig.all('hosts', 'hosts');
	const seen = [], order = [];

	await tab.open('#/hosts');
	for (;;) {
		seen.push(...await names(tab));
		order.push(...await tab.page.locator('tbody tr').evaluateAll((list) => list.map((r) => r.className.match(/edge-(\w+)/)[1])));
		const next = tab.page.locator('.pager a[rel=next]');

		if (!await next.count())
			break;
		const before = seen[seen.length - 1];

		await next.click();
		await tab.page.waitForFunction((b) => [...document.querySelectorAll('tbody tr th a')].every((a) => a.textContent !== b), before);
		await tab.settled();
	}
	assert.deepEqual([...seen].sort(), all.map((h) => h.name).sort());
	assert.deepEqual(order, [...order].sort((a, b) => WORST.indexOf(a) - WORST.indexOf(b)));
});

test('each filter leaves what the API leaves, and stands in the address', async (tab) => {
	const { groups } = await tab.rig.api('groups');
	const { models } = await tab.rig.api('firmware');
	const [model] = models;

	for (const [query, what] of [...WORST.map((s) => [`status=${s}`, s]), [`group=${encodeURIComponent(groups[0].group)}`, 'group'], [`model=${encodeURIComponent(model.model)}`, 'model'],
		[`model=${encodeURIComponent(model.model)}&firmware=${encodeURIComponent(model.versions[0].firmware)}`, 'firmware'], ['q=1', 'name']]) {
		const wanted = (await tab.rig.all(`hosts?${query}`, 'hosts')).map((h) => h.name);

		await tab.open(`#/hosts?${query}&order=name`);
		assert.deepEqual(await names(tab), wanted.slice(0, 50), what);
	}
});

test('a filter that is chosen is a step that Back takes back', async (tab) => {
	await tab.open('#/hosts');
	await tab.page.selectOption('#filter-status', 'warning');
	await tab.page.waitForFunction(() => location.hash === '#/hosts?status=warning');
	await tab.settled();
	const wanted = (await tab.rig.all('hosts?status=warning', 'hosts')).map((h) => h.name);

	assert.deepEqual(await names(tab), wanted.slice(0, 50));
	await tab.page.click('.chip');
	await tab.page.waitForFunction(() => location.hash === '#/hosts');
	await tab.page.goBack();
	await tab.settled();
	assert.equal(await tab.page.inputValue('#filter-status'), 'warning');
	assert.deepEqual(await names(tab), wanted.slice(0, 50));
	await tab.page.reload();
	await tab.settled();
	assert.deepEqual(await names(tab), wanted.slice(0, 50));
});

test('typing a part of a name narrows the list, and the field keeps the keyboard', async (tab) => {
	const [one] = await tab.rig.all('hosts?status=affirming', 'hosts');

	await tab.open('#/hosts');
	await tab.page.keyboard.press('/');
	await tab.page.keyboard.type(one.name, { delay: 5 });
	await tab.page.waitForFunction((n) => location.hash.includes(`q=${encodeURIComponent(n)}`), one.name);
	await tab.page.waitForFunction((n) => [...document.querySelectorAll('tbody tr th a')].every((a) => a.textContent.includes(n)), one.name);
	assert.equal(await tab.page.evaluate(() => document.activeElement.id), 'filter-q');
	assert.equal(await tab.page.inputValue('#filter-q'), one.name);
	await tab.page.fill('#filter-q', 'no host is called this');
	await tab.says('main', 'No host is like that');
});

test('a refused host says why, with wanted and found side by side and what can be done', async (tab, { out }) => {
	const refused = await tab.rig.all('hosts?status=contraindicated', 'hosts');
	let sides = 0;

	for (const { name } of refused.slice(0, 4)) {
		const h = await tab.rig.api(`hosts/${encodeURIComponent(name)}`);
		const worst = h.reasons.filter((r) => r.tier === 'contraindicated');

		await tab.open(`#/hosts/${encodeURIComponent(name)}`);
		await tab.page.waitForFunction((n) => document.getElementById('title').textContent === n, name);
		assert.match(await tab.text('.verdict .badge'), /refused/);
		assert.equal(await tab.text('.verdict .lead'), worst[0].text);
		for (const r of worst.filter((w) => !w.alternative)) {
			await tab.says('.reason .sentence', r.text);
			if (r.hint)
				await tab.says('.reason .hint', r.hint);
		}
		for (const r of worst.filter((w) => w.wanted && w.found && !w.alternative)) {
			await tab.says('.side.wanted', r.wanted);
			await tab.says('.side.found', r.found);
			sides++;
		}
	}
	assert.ok(sides > 0, 'one of them was compared');
	await tab.page.screenshot({ path: `${out}/refused.png`, fullPage: true });
});

test('a host shows its devices, its boot as sentences, its inventory and its history as the API has them', async (tab) => {
	const [{ name }] = await tab.rig.all('hosts?status=affirming', 'hosts');
	const where = `hosts/${encodeURIComponent(name)}`;
	const h = await tab.rig.api(where), { boots } = await tab.rig.api(`${where}/boot`), { changes } = await tab.rig.api(`changes?host=${encodeURIComponent(name)}`);
	const inventory = await tab.rig.api(`${where}/inventory`);

	await tab.open(`#/${where}`);
	assert.match(await tab.text('.verdict .badge'), /affirmed/);
	assert.deepEqual(await tab.texts('[data-key=devices] tbody th'), h.devices.map((d) => d.label));
	assert.equal(await tab.page.locator('[data-key=boot] .boot li').count(), boots[0].events.length);
	await tab.says('[data-key=boot] .boot li', boots[0].events[0].text.slice(0, 30));
	assert.equal(await tab.page.locator('[data-key=history] li').count(), Math.min(changes.length, 20));
	await tab.says('[data-key=inventory]', `${inventory.functions.length} function`);
	await tab.says('[data-key=identity]', h.ek_hash);
	await tab.says('[data-key=identity]', h.ueid);
});

test('the evidence of a host can be saved, as the server keeps it', async (tab, { out }) => {
	const [{ name }] = await tab.rig.all('hosts?status=affirming', 'hosts');

	await tab.open(`#/hosts/${encodeURIComponent(name)}`);
	const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.click('text=Download its evidence')]);

	await download.saveAs(`${out}/evidence.cwt`);
	const saved = fs.readFileSync(`${out}/evidence.cwt`);

	assert.ok(saved.length > 500);
	assert.equal(saved[0] >> 5, 6, 'a tagged item of CBOR');
});

test('a host that is not there is said so', { allow: [/status of 404/] }, async (tab) => {
	await tab.page.evaluate(() => (location.hash = '#/hosts/nobody'));
	await tab.says('h1', 'Not found');
	await tab.open('#/hosts');
	assert.equal(await tab.text('h1'), 'Hosts');
});
