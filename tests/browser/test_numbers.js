// SPDX-License-Identifier: Apache-2.0
// What the overview counts is what the API counts, and what the fleet was made to be.

import { assert, test } from './harness.js';

const STATUSES = ['affirming', 'warning', 'contraindicated', 'stale', 'never', 'revoked'];
const FIRST_PAGE_MAX = 200 * 1024;
const number = (text) => Number(text.replaceAll(',', ''));

test('each number of the overview is the one of the API and of the fleet that was made', async (tab, { out }) => {
	const overview = await tab.rig.api('overview');
	const expected = tab.rig.plan.expected;

	for (const s of STATUSES) {
		assert.equal(number(await tab.text(`#n-${s}`)), overview.hosts[s], s);
		assert.equal(overview.hosts[s], expected[s] || 0, `${s} as planned`);
	}
	assert.ok(overview.hosts.contraindicated > 0 && overview.hosts.warning > 0 && overview.hosts.stale > 0);
	const about = await tab.text('.about');

	assert.equal(number(about.match(/([\d,]+) hosts?/)[1]), overview.hosts.total);
	assert.equal(number(about.match(/([\d,]+) devices?/)[1]), overview.devices);
	assert.equal(number(about.match(/of ([\d,]+) models?/)[1]), overview.models);
	await tab.page.screenshot({ path: `${out}/overview.png` });
});

test('a number is a link to the hosts that it counts', async (tab) => {
	for (const s of ['contraindicated', 'warning', 'stale', 'never']) {
		await tab.open('#/');
		await tab.page.click(`.tile.is-${s} a`);
		await tab.settled();
		await tab.page.waitForFunction(() => document.getElementById('title')?.textContent === 'Hosts');
		assert.equal(new URL(tab.page.url()).hash, `#/hosts?status=${s}`);
		const all = await tab.rig.all(`hosts?status=${s}`, 'hosts');

		assert.equal(await tab.page.locator('tbody tr').count(), Math.min(all.length, 50), s);
	}
});

test('a refused host stands on the overview with its sentence, no click needed', async (tab) => {
	const { hosts } = await tab.rig.api('hosts?status=contraindicated&limit=8');
	const rows = await tab.page.locator('.worst > li').evaluateAll((list) => list.map((n) => n.textContent));

	assert.ok(hosts.length > 0);
	for (const [i, h] of hosts.entries()) {
		assert.ok(h.reason.length > 10, `${h.name} has a reason`);
		assert.ok(rows[i].includes(h.name) && rows[i].includes('refused'), rows[i]);
	}
});

test('what changed is what the API says of it, newest first', async (tab) => {
	const { changes } = await tab.rig.api('overview');
	const shown = await tab.page.locator('[data-key=today] .changes li a').allInnerTexts();

	assert.deepEqual(shown, changes.latest.slice(0, 12).map((c) => c.host));
	assert.equal(number((await tab.text('[data-key=today] .note')).match(/[\d,]+/)[0]), changes.day);
});

test('the trend has a line for each verdict, a switch for each line and its numbers as a table', async (tab) => {
	const { trend } = await tab.rig.api('overview');

	if (trend.length < 2) {
		await tab.says('main', 'No line yet');
		return;
	}
	await tab.page.waitForSelector('.chart canvas');
	await tab.page.click('[data-key^=chart] summary');
	const last = trend[trend.length - 1];
	const cells = await tab.page.locator('[data-key^=chart] tbody tr').first().locator('td').allInnerTexts();

	assert.deepEqual(cells.map(number), [last.contraindicated, last.warning, last.stale, last.never, last.affirming]);
	const button = tab.page.locator('.legend-item', { hasText: 'affirmed' });

	assert.equal(await button.getAttribute('aria-pressed'), 'false');
	await button.click();
	assert.equal(await button.getAttribute('aria-pressed'), 'true');
});

test('the first page comes in at most 200 KiB, with its chart and from nowhere else', { out: true }, async (tab, { context }) => {
	const cdp = await context.newCDPSession(tab.page);
	const files = new Map();
	let sum = 0;

	/* a server of minutes has no trend yet: as it is after a week */
	await tab.page.route('**/api/v1/overview', async (r) => {
		const answer = await r.fetch({ ignoreHTTPSErrors: true }), json = await answer.json();
		const trend = Array.from({ length: 168 }, (_, i) => ({ time: json.time - (168 - i) * 3600, affirming: 40, warning: 3, contraindicated: i % 5, stale: 1, never: 2 }));

		await r.fulfill({ response: answer, json: { ...json, trend } });
	});
	await cdp.send('Network.enable');
	cdp.on('Network.responseReceived', (e) => files.set(e.requestId, e.response.url));
	cdp.on('Network.loadingFinished', (e) => (sum += e.encodedDataLength));
	await tab.signIn();
	await tab.settled();
	await tab.page.waitForFunction(() => document.querySelector('.chart')?.chart);
	await tab.page.waitForTimeout(500);
	console.log(`first page with sign-in and chart: ${(sum / 1024).toFixed(1)} KiB in ${files.size} answers`);
	assert.ok([...files.values()].some((url) => url.endsWith('/chart.js')));
	assert.ok(sum > 80000 && sum <= FIRST_PAGE_MAX, `${sum} bytes`);
	for (const url of files.values())
		assert.ok(url.startsWith(`${tab.rig.url}/`), `${url} is of another host`);
	assert.equal(await tab.page.locator('.legend-item').count(), 5);
	await tab.axe('the overview with its chart');
});
