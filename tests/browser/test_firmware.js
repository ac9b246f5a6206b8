// SPDX-License-Identifier: Apache-2.0

import { assert, test } from './harness.js';

const number = (text) => Number(text.replaceAll(',', ''));
/* as visible() of the pages writes them */
const visible = (s) => s.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

test('firmware has each model with its versions and how many devices show each', async (tab, { out }) => {
	const { models } = await tab.rig.api('firmware');

	await tab.open('#/firmware');
	assert.ok(models.length >= 3);
	for (const m of models) {
		const card = tab.page.locator(`[data-key="model-${m.model}"]`);
		const rows = await card.locator('tbody tr').evaluateAll((list) => list.map((r) => [r.querySelector('th').textContent, r.querySelector('td').textContent]));
		const wanted = [...m.versions].sort((a, b) => b.devices - a.devices).slice(0, 6);

		assert.deepEqual(rows.map(([, n]) => number(n)), wanted.map((v) => v.devices), m.model);
		assert.deepEqual(rows.map(([v]) => v).sort(), wanted.map((v) => visible(v.firmware) || 'not told').sort());
		assert.match(await card.locator('.note').innerText(), m.covered ? /accepted state/ : /no reference values/);
	}
	await tab.page.screenshot({ path: `${out}/firmware.png`, fullPage: true });
});

test('the filters of firmware leave what they say', async (tab) => {
	const { models } = await tab.rig.api('firmware');

	await tab.open('#/firmware?covered=no');
	assert.equal(await tab.page.locator('[data-key^="model-"]').count(), models.filter((m) => !m.covered).length);
	await tab.open(`#/firmware?q=${encodeURIComponent(models[0].model)}`);
	assert.equal(await tab.page.locator('[data-key^="model-"]').count(), 1);
});

test('a model has its spread over time', async (tab, { out }) => {
	const { models } = await tab.rig.api('firmware');
	const [m] = [...models].sort((a, b) => b.versions.length - a.versions.length);
	const { samples } = await tab.rig.api(`firmware/${encodeURIComponent(m.model)}/spread`);

	await tab.open(`#/firmware/${encodeURIComponent(m.model)}`);
	if (samples.length > 1) {
		const names = new Set(samples.flatMap((s) => Object.keys(s.versions)));

		await tab.page.waitForSelector('.chart canvas');
		assert.equal(await tab.page.locator('.legend-item').count(), Math.min(names.size, 7));
	} else {
		await tab.says('[data-key=spread]', 'No line yet');
	}
	assert.equal(await tab.page.locator('[data-key=versions] tbody tr').count(), m.versions.length);
	await tab.page.screenshot({ path: `${out}/model.png` });
});

test('devices are those of the API, by every filter', async (tab) => {
	const { models } = await tab.rig.api('firmware');
	const [m] = models;

	for (const query of ['', 'status=contraindicated', 'status=warning', 'status=affirming', `model=${encodeURIComponent(m.model)}`, `model=${encodeURIComponent(m.model)}&firmware=${encodeURIComponent(m.versions[0].firmware)}`, 'q=1']) {
		const wanted = await tab.rig.all(`devices${query ? `?${query}` : ''}`, 'devices');

		await tab.open(`#/devices${query ? `?${query}` : ''}`);
		assert.deepEqual(await tab.texts('tbody th'), wanted.slice(0, 50).map((d) => d.label), query);
	}
});

test('a version leads to the devices that show it, and a device to every place it was in', async (tab) => {
	const { models } = await tab.rig.api('firmware');
	const m = models.find((one) => one.versions.length > 1) || models[0];

	await tab.open(`#/firmware/${encodeURIComponent(m.model)}`);
	await tab.page.locator('[data-key=versions] tbody th a').first().click();
	await tab.settled();
	await tab.page.waitForFunction(() => document.getElementById('title')?.textContent === 'Devices');
	const version = [...m.versions].sort((a, b) => b.devices - a.devices)[0];

	assert.equal(await tab.page.locator('tbody tr').count(), Math.min(version.devices, 50));
	await tab.page.locator('tbody th a').first().click();
	await tab.page.waitForFunction(() => location.hash.split('/').length === 3);
	await tab.settled();
	const key = decodeURIComponent(new URL(tab.page.url()).hash.split('/')[2]);
	const d = await tab.rig.api(`devices/${key}`);

	assert.equal(await tab.page.locator('[data-key=sightings] tbody tr').count(), d.sightings.length);
	await tab.says('[data-key=sightings]', d.sightings[0].host);
});
