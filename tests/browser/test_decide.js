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

/* ---- what hosts say that they will boot next: the fleet's own words, quoted by their AKs ---- */
async function proposals(tab) {
	const { proposals: all } = await tab.rig.api('proposals'), { accepted, refused } = tab.rig.plan.proposing;

	assert.equal(all.length, 2);
	const of = (status) => all.find((p) => p.next_boot.status === status);

	assert.deepEqual(of('accepted').hosts.map((h) => h.name).sort(), [...accepted].sort());
	assert.deepEqual(of('refused').hosts.map((h) => h.name).sort(), [...refused].sort());
	return { accepted: of('accepted'), refused: of('refused') };
}

const boxes = (tab, selector) => tab.page.locator(selector).evaluateAll((list) => list.map((n) => n.textContent));

test('proposals are those of the hosts, with what reference values say of them, and are chosen from by state', async (tab, { out }) => {
	const { accepted, refused } = await proposals(tab);

	for (const [query, wanted] of [['', [accepted, refused]], ['state=refused', [refused]], ['state=accepted', [accepted]], ['state=waits', [accepted, refused]], ['state=signed', []]]) {
		await tab.open(`#/proposals${query ? `?${query}` : ''}`);
		const rows = await boxes(tab, 'tbody tr');

		assert.equal(rows.length, wanted.length, query);
		for (const p of wanted) {
			const row = rows.find((r) => r.includes(p.release));

			assert.ok(row.includes(p === refused ? 'would be refused' : 'would be accepted') && row.includes(p.next_boot.text), row);
			assert.ok(row.includes(p.hosts[0].name), row);
		}
	}
	await tab.open('#/proposals');
	await tab.axe('proposals');
	await tab.page.screenshot({ path: `${out}/proposals.png` });
});

test('a proposal shows what the next boot would change beside the last one', async (tab, { out }) => {
	const { refused } = await proposals(tab);
	const p = await tab.rig.api(`proposals/${refused.digest}`);
	const told = p.elements.filter((e) => e.state !== 'same');

	assert.ok(told.length >= 3 && told.length < p.elements.length, 'some of it changes');
	await tab.open('#/proposals?state=refused');
	await tab.page.click('tbody th a');
	await tab.says('.verdict .lead', p.next_boot.text);
	assert.match(await tab.text('.verdict .badge'), /would be refused/);
	assert.equal(await tab.page.locator('[data-key=elements] .reason').count(), p.elements.length);
	for (const e of told) {
		const [last, next] = await boxes(tab, `[data-key="el-${e.name}"] .side`);

		assert.ok(next.includes(e.digests[0]) && last.includes(e.was.digests[0]), e.name);
		assert.ok(!e.text || (next.includes(e.text) && last.includes(e.was.text)), e.name);
		assert.equal(next.includes('no digest vouches'), Boolean(e.text) && !e.text_covered);
		assert.notEqual(e.digests[0], e.was.digests[0]);
	}
	assert.deepEqual((await tab.texts('[data-key=hosts] tbody th')).sort(), p.hosts.map((h) => h.name).sort());
	await tab.axe('a proposal');
	await tab.page.screenshot({ path: `${out}/proposal.png`, fullPage: true });
});

test('firmware and the overview name boots that would be refused, with the host that announced them last, and what waits for a signature', async (tab) => {
	const { accepted, refused } = await proposals(tab);

	await tab.open('#/firmware');
	const rows = await boxes(tab, '[data-key=refused-next] li');

	assert.equal(rows.length, 1);
	assert.equal(rows[0].split(' ')[0], refused.hosts[0].name);
	assert.ok(rows[0].includes(refused.release) && rows[0].includes(refused.next_boot.text), rows[0]);
	assert.ok(rows[0].includes(`announced by ${refused.hosts.length - 1} host`), rows[0]);
	const waiting = await boxes(tab, '[data-key=pending-updates] li');

	assert.equal(waiting.length, 1);
	assert.ok(waiting[0].includes(refused.release) && waiting[0].includes(`${refused.hosts.length} hosts`), waiting[0]);
	await tab.axe('firmware with a proposal');
	await tab.open('#/');
	const due = await tab.text('[data-key=pending]');

	assert.ok(due.includes(refused.release) && due.includes(refused.next_boot.text) && !due.includes(accepted.release), due);
});

/* A boot that a host did not foretell whole: the generator's hosts do. The shape is docs/openapi.yaml's. */
test('what nobody can foretell of a boot stands on its page, and a text that no digest vouches for says so', async (tab) => {
	const { refused } = await proposals(tab);

	await tab.page.route(`**/api/v1/proposals/${refused.digest}`, async (r) => {
		const answer = await r.fetch({ ignoreHTTPSErrors: true }), json = await answer.json();

		json.elements.find((e) => e.text && e.state === 'refused').text_covered = false;
		await r.fulfill({ response: answer, json: { ...json, unforeseen: ['pcr5'] } });
	});
	await tab.open(`#/proposals/${refused.digest}`);
	await tab.says('main .boxed', 'Nobody can foretell: pcr5');
	await tab.says('.side', 'no digest vouches for this text');
});

test('a proposal that an operator signs is accepted, and waits no more', async (tab) => {
	const { refused } = await proposals(tab);
	const operator = `${tab.rig.work}/operator`;

	tab.rig.assay('refval', 'keygen', '--out', operator);
	tab.rig.assay('refval', 'anchor', 'add', `${operator}/operator.crt`);
	await tab.open('#/');
	await tab.page.waitForSelector('#live.on');
	await tab.says('[data-key=pending]', refused.release);
	tab.rig.assay('refval', 'pending', 'sign', refused.digest.slice(0, 12), '--signer', `${operator}/operator.crt`, '--key', `${operator}/operator.key`, '--checked');

	const p = await tab.rig.api(`proposals/${refused.digest}`);

	assert.equal(p.next_boot.status, 'accepted');
	await tab.open(`#/proposals/${refused.digest}`);
	await tab.says('.verdict .badge', 'would be accepted');
	await tab.says('main .boxed', `Signed by ${p.signed_by}`);
	await tab.open('#/proposals?state=signed');
	assert.equal(await tab.page.locator('tbody tr').count(), 1);
	await tab.open('#/firmware');
	await tab.says('[data-key=refused-next]', 'No host has announced a boot that would be refused');
	await tab.says('[data-key=pending-updates]', 'No update waits');
	await tab.open('#/');
	await tab.says('[data-key=pending]', 'nobody has signed');
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
	/* a page of a filter is made of ten thousand records at most: one that is new */
	await tab.rig.api('tokens', 'POST', { name: 'for-the-audit', role: 'viewer' });
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
