// SPDX-License-Identifier: Apache-2.0

import { assert, test } from './harness.js';

test('an empty fleet says which two commands bring the first host', async (tab, { out }) => {
	await tab.says('h2', 'No host yet');
	const commands = await tab.texts('.command code');

	assert.equal(commands.length, 2);
	assert.match(commands[0], /^assay host add --ek-hash /);
	assert.match(commands[1], /^assay-agent enroll /);
	await tab.axe('the empty overview');
	await tab.page.screenshot({ path: `${out}/empty.png` });
});

test('every page of an empty server says that there is nothing, and nothing breaks', async (tab) => {
	for (const [hash, words] of [['#/hosts', 'No host has enrolled yet'], ['#/devices', 'No device has given evidence yet'], ['#/firmware', 'No device has given evidence yet'],
		['#/refvals', 'None is imported'], ['#/proposals', 'No host has announced'], ['#/secrets', 'None: assay secret create']]) {
		await tab.open(hash);
		await tab.says('main', words);
	}
});

test('the switches that a server has for tests are shown loudly', async (tab) => {
	const overview = await tab.rig.api('overview');
	const shown = await tab.texts('.loud li');

	assert.ok(overview.test_switches.length > 0, 'this server has one on');
	assert.deepEqual(shown, overview.test_switches);
	assert.match(await tab.text('.loud strong'), /not for production/);
});
