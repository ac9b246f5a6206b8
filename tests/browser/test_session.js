// SPDX-License-Identifier: Apache-2.0

import { assert, test } from './harness.js';

const REFUSED = [/status of 401/];

test('a wrong token is refused with a sentence and stays refused', { out: true, allow: REFUSED }, async (tab) => {
	await tab.page.goto(`${tab.rig.url}/`);
	await tab.page.fill('#token', 'not-a-token');
	await tab.page.keyboard.press('Enter');
	await tab.says('.problem', 'not known here');
	assert.equal(await tab.page.locator('body.in').count(), 0);
	await tab.page.reload();
	assert.equal(await tab.page.locator('#token').inputValue(), '');
});

test('the right token leads to the overview, and its cookie is out of the reach of scripts', { out: true }, async (tab, { context }) => {
	await tab.signIn();
	await tab.settled();
	assert.equal(await tab.text('h1'), 'Overview');
	const [cookie] = await context.cookies();

	assert.equal(cookie.name, '__Host-assay');
	assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], [true, true, 'Strict', '/']);
	assert.equal(await tab.page.evaluate(() => document.cookie), '');
	assert.equal(await tab.page.evaluate((t) => JSON.stringify({ ...localStorage, ...sessionStorage }).includes(t), tab.rig.token), false);
	assert.equal(tab.page.url().includes(tab.rig.token), false);
});

test('a reload stays signed in, and signing out ends it', { out: true, allow: REFUSED }, async (tab, { context }) => {
	await tab.signIn();
	await tab.page.reload();
	await tab.settled();
	assert.equal(await tab.text('h1'), 'Overview');
	await tab.page.click('#sign-out');
	await tab.says('.sign-in', 'You are signed out');
	assert.equal((await context.cookies()).length, 0);
	await tab.page.goto(`${tab.rig.url}/#/hosts`);
	await tab.page.reload();
	await tab.page.waitForSelector('#token');
});

test('a token that is revoked ends the pages that are open with it', { out: true, allow: REFUSED }, async (tab) => {
	const made = await tab.rig.api('tokens', 'POST', { name: 'short-lived', role: 'viewer' });

	await tab.signIn(made.token);
	await tab.settled();
	await tab.rig.api('tokens/short-lived', 'DELETE');
	await tab.page.click('#nav a[data-page=hosts]');
	await tab.says('.sign-in', 'The session has ended');
});

test('a viewer sees no page that is not for a viewer, and a page that is asked for all the same says so', { out: true }, async (tab) => {
	const made = await tab.rig.api('tokens', 'POST', { name: 'the-wall', role: 'viewer' });

	await tab.signIn(made.token);
	await tab.settled();
	assert.deepEqual(await tab.texts('#nav a'), ['Overview', 'Hosts', 'Devices', 'Firmware', 'Reference values', 'Proposals']);
	for (const page of ['secrets', 'audit', 'tokens']) {
		await tab.page.evaluate((h) => (location.hash = h), `#/${page}`);
		await tab.says('.problem', 'not for this token');
	}
});

test('a request by cookie that changes something and has no header of ours is refused', async (tab) => {
	const status = await tab.page.evaluate(() => fetch('/api/v1/tokens', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"forged","role":"admin"}' }).then((r) => r.status));

	assert.equal(status, 403);
	assert.equal((await tab.rig.api('tokens')).tokens.some((t) => t.name === 'forged'), false);
	tab.complaints = tab.complaints.filter((c) => !/status of 403/.test(c));
});

test('the page may load nothing from elsewhere and run nothing inline', { out: true, allow: [/Content Security Policy|policy:|status of 404/] }, async (tab) => {
	const answer = await tab.page.goto(`${tab.rig.url}/`);
	const policy = answer.headers()['content-security-policy'];

	assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
	assert.doesNotMatch(policy, /unsafe|\*|http/);
	assert.equal(answer.headers()['x-frame-options'], 'DENY');
	assert.equal(answer.headers()['referrer-policy'], 'no-referrer');
	await tab.page.evaluate(() => {
		const s = document.createElement('script');

		s.textContent = 'window.ran_inline = true';
		document.body.append(s);
		document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran_inline = true">');
	});
	await tab.page.waitForTimeout(200);
	assert.equal(await tab.page.evaluate(() => window.ran_inline), undefined);
	assert.ok(await tab.page.evaluate(() => [...document.styleSheets].length) > 0);
});

test('a file of the page is the same compressed and not, and is kept by the browser until it changes', { out: true, context: { ignoreHTTPSErrors: true } }, async (tab) => {
	const page = await tab.page.request.get(`${tab.rig.url}/`, { headers: { 'Accept-Encoding': 'identity' } });
	const address = (await page.text()).match(/\/assets\/[^"]+app\.js/)[0];
	const plain = await tab.page.request.get(tab.rig.url + address, { headers: { 'Accept-Encoding': 'identity' } });
	const packed = await tab.page.request.get(tab.rig.url + address, { headers: { 'Accept-Encoding': 'gzip' } });
	const again = await tab.page.request.get(tab.rig.url + address, { headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': packed.headers().etag } });
	const other = await tab.page.request.get(tab.rig.url + address.replace(/assets\/[0-9a-f]+/, 'assets/0123456789abcdef'));

	assert.equal(packed.headers()['content-encoding'], 'gzip');
	assert.equal(plain.headers()['content-encoding'], undefined);
	assert.equal(await packed.text(), await plain.text());
	assert.notEqual(packed.headers().etag, plain.headers().etag);
	assert.equal(again.status(), 304);
	assert.match(plain.headers()['cache-control'], /immutable/);
	assert.equal(page.headers()['cache-control'], 'no-cache');
	assert.equal(other.status(), 404);
});
