// SPDX-License-Identifier: Apache-2.0
// Reference values, proposals, secrets, audit, tokens: what operators decide by.

import { randomUUID } from 'node:crypto';
import { assert, test } from './harness.js';

test('reference values are those of the API, with state, coverage and anchors', async (tab, { out }) => {
	const { corims } = await tab.rig.api('refvals'), { models } = await tab.rig.api('coverage'), { anchors } = await tab.rig.api('anchors');

	await tab.open('#/refvals');
	assert.equal(await tab.page.locator('[data-key=corims] tbody tr').count(), corims.length);
	assert.equal(await tab.page.locator('[data-key=corims] .badge.is-affirming').count(), corims.filter((c) => c.counts).length);
	assert.equal(await tab.page.locator('[data-key=coverage] tbody tr').count(), models.length);
	assert.equal(await tab.page.locator('[data-key=anchors] tbody tr').count(), anchors.length);
	await tab.page.screenshot({ path: `${out}/refvals.png` });
	await tab.page.locator('[data-key=corims] tbody th a').first().click();
	await tab.page.waitForSelector('[data-key=statements]');
	await tab.settled();
	const digest = new URL(tab.page.url()).hash.split('/')[2];

	assert.equal(await tab.page.locator('[data-key=statements] details').count(), (await tab.rig.api(`refvals/${digest}`)).statements.length);
	await tab.page.locator('[data-key=statements] summary').first().click();
	assert.ok((await tab.text('[data-key=statements] details .tree >> nth=0')).length > 20);
});

test('a CoRIM that is switched off is shown as such at once', async (tab) => {
	const { corims } = await tab.rig.api('refvals');
	const { digest } = corims[0];

	await tab.rig.api(`refvals/${digest}/deactivate`, 'POST');
	try {
		await tab.open('#/refvals?state=not');
		await tab.says('[data-key=corims] tbody', 'inactive');
	} finally {
		await tab.rig.api(`refvals/${digest}/activate`, 'POST');
	}
});

/* A host that proposes reads its own boot files: that is a machine's test. The shape is docs/openapi.yaml's. */
test('a proposal shows what the next boot would change beside the last one', async (tab) => {
	const digest = 'ab'.repeat(32), next_boot = { status: 'refused', text: 'next boot would be refused: no reference value accepts kernel' };
	const p = { digest, time: 1700000000, release: '6.12.99', next_boot, hosts: [{ name: 'db-1', time: 1700000000, remote: '10.0.0.1', next_boot }], unforeseen: ['pcr5'], bases: [],
		elements: [{ name: 'kernel', digests: ['sha-256;22'], text: '/boot/vmlinuz-new', text_covered: true, state: 'refused', was: { digests: ['sha-256;11'], text: '/boot/vmlinuz-old' } }, { name: 'shim', digests: ['sha-256;33'], state: 'same' }] };

	await tab.page.route('**/api/v1/proposals', (r) => r.fulfill({ json: { proposals: [p] } }));
	await tab.page.route(`**/api/v1/proposals/${digest}`, (r) => r.fulfill({ json: p }));
	await tab.open('#/proposals');
	await tab.says('tbody', 'would be refused');
	await tab.page.click('tbody th a');
	await tab.says('.verdict .lead', 'no reference value accepts kernel');
	await tab.says('.side', '/boot/vmlinuz-old');
	await tab.says('.side', '/boot/vmlinuz-new');
	await tab.says('main', 'Nobody can foretell');
	await tab.open('#/firmware');
	await tab.says('[data-key=refused-next]', 'db-1');
	await tab.says('[data-key=pending-updates]', '6.12.99');
	await tab.axe('firmware with a proposal');
});

test('secrets shows which shares there are, and never one', async (tab) => {
	const [host] = await tab.rig.all('hosts?status=affirming', 'hosts');
	const volume = randomUUID();
	const made = await tab.rig.api('secrets', 'POST', { host: host.name, volume });

	await tab.open(`#/secrets?q=${volume}`);
	assert.equal(await tab.page.locator('tbody tr').count(), 1);
	const row = await tab.page.locator('tbody tr').innerText();

	for (const text of [host.name, volume, 'current', made.check])
		assert.ok(row.includes(text), `${text} in ${row}`);
	await tab.open('#/secrets?q=no-such-volume');
	await tab.says('main', 'None is like that');
});

test('the audit log is there record by record, newest first, and is filtered by a text', async (tab) => {
	const { records } = await tab.rig.api('audit');
	const last = records[records.length - 1];

	await tab.open('#/audit');
	const shown = await tab.texts('tbody th');

	assert.ok(Number(shown[0]) >= last.seq);
	assert.equal(shown.length, 100);
	await tab.page.click('.pager a[rel=next]');
	await tab.page.waitForFunction((n) => Number(document.querySelector('tbody th').textContent) < n, Number(shown[99]));
	assert.equal(Number((await tab.texts('tbody th'))[0]), Number(shown[99]) - 1);
	await tab.page.goBack();
	await tab.settled();
	assert.equal((await tab.texts('tbody th'))[0] >= shown[0], true);
	await tab.open('#/audit?event=token-made');
	const events = await tab.page.locator('tbody tr').evaluateAll((rows) => rows.map((r) => r.textContent));

	assert.ok(events.length > 0 && events.every((e) => e.includes('token-made')), events[0]);
});

test('a token is made and shown once, and revoked only when that was confirmed', async (tab) => {
	await tab.open('#/tokens');
	await tab.page.fill('#token-name', 'made-in-a-browser');
	await tab.page.selectOption('#token-role', 'viewer');
	await tab.page.click('text=Make it');
	await tab.page.waitForSelector('#new-token');
	const text = await tab.text('#new-token');

	assert.equal((await tab.rig.request('GET', 'tokens/self', undefined, text)).status, 200);
	await tab.says('[data-key=tokens] tbody', 'made-in-a-browser');
	assert.equal(await tab.text('#new-token'), text, 'a refresh leaves it');
	await tab.open('#/audit');
	await tab.open('#/tokens');
	assert.equal(await tab.page.locator('#new-token').count(), 0);
	const revoke = tab.page.locator('button[aria-label="revoke made-in-a-browser"]');

	await revoke.click();
	await tab.page.waitForSelector('dialog[open]');
	await tab.axe('the dialog');
	await tab.page.click('dialog >> text=Keep it');
	assert.equal((await tab.rig.request('GET', 'tokens/self', undefined, text)).status, 200);
	await revoke.click();
	await tab.page.click('dialog >> text=Revoke it');
	await tab.says('.toast', 'is revoked');
	assert.equal((await tab.rig.request('GET', 'tokens/self', undefined, text)).status, 401);
	await revoke.waitFor({ state: 'detached' });
});

test('a token with a bad name is refused with the server\'s sentence', { allow: [/status of 400/] }, async (tab) => {
	await tab.open('#/tokens');
	await tab.page.fill('#token-name', 'a name with spaces <b>');
	await tab.page.click('text=Make it');
	await tab.page.waitForSelector('.stack .problem:not([hidden])');
	assert.ok((await tab.text('.stack .problem')).length > 5);
	assert.equal(await tab.page.inputValue('#token-name'), 'a name with spaces <b>');
});
