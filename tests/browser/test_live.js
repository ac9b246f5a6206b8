// SPDX-License-Identifier: Apache-2.0
// What happens while somebody looks: no page here is reloaded.

import { assert, test } from './harness.js';
import { until } from './rig.js';

async function goodHost(tab) {
	return tab.rig.plan.states.good[0];
}
const marked = (tab) => tab.page.evaluate(() => (window.same_page = true));
const isSame = (tab) => tab.page.evaluate(() => window.same_page === true);

test('a host that is refused now is on the open overview at once, and the news says so', async (tab, { out }) => {
	const name = await goodHost(tab);
	const before = Number((await tab.text('#n-contraindicated')).replaceAll(',', ''));

	await tab.page.waitForSelector('#live.on');
	await marked(tab);
	await tab.rig.touch(name, 'firmware');
	try {
		await tab.says('.toast', `${name} is refused`);
		await tab.page.waitForFunction((n) => Number(document.getElementById('n-contraindicated').textContent.replaceAll(',', '')) === n, before + 1);
		await tab.says('[data-key=today]', name);
		assert.ok(await isSame(tab));
		await tab.page.screenshot({ path: `${out}/live.png` });
	} finally {
		await tab.rig.touch(name, 'good');
	}
	await tab.page.waitForFunction((n) => Number(document.getElementById('n-contraindicated').textContent.replaceAll(',', '')) === n, before);
	assert.ok(await isSame(tab));
});

test('the open page of a host changes with its verdict, and back', async (tab) => {
	const name = await goodHost(tab);

	await tab.open(`#/hosts/${encodeURIComponent(name)}`);
	await tab.page.waitForSelector('#live.on');
	await marked(tab);
	await tab.says('.verdict .badge', 'affirmed');
	await tab.page.locator('[data-key=boot] summary').first().click();
	await tab.rig.touch(name, 'firmware');
	try {
		await tab.says('.verdict .badge', 'refused');
		await tab.page.waitForSelector('.side.found');
		assert.equal(await tab.page.locator('[data-key=boot] details').first().evaluate((d) => d.open), true, 'what was open stays open');
	} finally {
		await tab.rig.touch(name, 'good');
	}
	await tab.says('.verdict .badge', 'affirmed');
	await tab.page.waitForSelector('.side.found', { state: 'detached' });
	assert.ok(await isSame(tab));
});

test('a list that changes leaves the field that somebody types in alone', async (tab) => {
	const name = await goodHost(tab);

	await tab.open(`#/hosts?status=contraindicated&q=${encodeURIComponent(name)}`); /* of many a page has the first fifty */
	await tab.page.waitForSelector('#live.on');
	await tab.page.focus('#filter-q');
	await tab.rig.touch(name, 'firmware');
	try {
		await tab.says('tbody', name);
		assert.equal(await tab.page.evaluate(() => document.activeElement.id), 'filter-q');
	} finally {
		await tab.rig.touch(name, 'good');
	}
	await tab.page.waitForFunction((n) => !document.querySelector('tbody')?.textContent.includes(n), name);
});

test('when the server goes the page says that it is not live, keeps what it has, and is live again by itself', { allow: [/ERR_|Failed to load resource|net::/] }, async (tab) => {
	const name = await goodHost(tab);
	const before = await tab.text('#n-affirming');

	await tab.page.waitForSelector('#live.on');
	await marked(tab);
	await tab.rig.stop();
	await tab.page.waitForSelector('#live.off');
	assert.match(await tab.text('#live'), /not live, trying again/);
	assert.equal(await tab.text('#n-affirming'), before);
	await tab.rig.start();
	await tab.page.waitForSelector('#live.on', { timeout: 30000 });
	await tab.rig.touch(name, 'firmware');
	try {
		await tab.says('[data-key=today]', name);
	} finally {
		await tab.rig.touch(name, 'good');
	}
	assert.ok(await isSame(tab));
});

test('without events the page asks every half minute', { own: true, allow: [/ERR_|Failed to load resource|net::/] }, async (tab, { context }) => {
	await context.route('**/api/v1/events', (r) => r.abort());
	await tab.page.clock.install();
	await tab.page.reload();
	await tab.page.waitForSelector('#live.off');
	let asked = 0;

	tab.page.on('request', (r) => (asked += r.url().endsWith('/api/v1/overview')));
	await tab.page.clock.runFor(61000);
	await until('it asked', () => asked >= 1, 5000);
	assert.match(await tab.text('#live'), /not live, trying again/);
});

test('ages grow while the page is open', { own: true }, async (tab) => {
	await tab.page.clock.install();
	await tab.page.reload();
	await tab.settled();
	const old = await tab.page.locator('[data-key=today] time').first().innerText();

	await tab.page.clock.fastForward(3 * 3600 * 1000); /* each timer that is due rings once */
	await tab.page.waitForFunction((t) => document.querySelector('[data-key=today] time').textContent !== t, old);
	assert.match(await tab.page.locator('[data-key=today] time').first().getAttribute('title'), /20\d\d/);
});
