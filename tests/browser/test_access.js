// SPDX-License-Identifier: Apache-2.0
// For everybody: screens of every size, light and dark, the keyboard alone, a screen reader.

import { SHORT, assert, test } from './harness.js';


async function pages(tab) {
	const [refused] = (await tab.rig.api('hosts?status=contraindicated&limit=1')).hosts, [model] = (await tab.rig.api('firmware')).models;
	const [corim] = (await tab.rig.api('refvals')).corims, [device] = (await tab.rig.api('devices?limit=1')).devices;

	return [['overview', '#/'], ['hosts', '#/hosts'], ['host', `#/hosts/${encodeURIComponent(refused.name)}`], ['devices', '#/devices'], ['device', `#/devices/${device.leaf_key}`], ['firmware', '#/firmware'],
		['model', `#/firmware/${encodeURIComponent(model.model)}`], ['refvals', '#/refvals'], ['refval', `#/refvals/${corim.digest}`], ['proposals', '#/proposals'], ['secrets', '#/secrets'], ['audit', '#/audit'], ['tokens', '#/tokens']];
}

/* In the short form the others are looked at in one light only. */
const OFTEN = ['overview', 'hosts', 'host', 'firmware'];
const LOOKS = [
	['light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }, true],
	['dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }, true],
	['phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true }, !SHORT],
	['wall', { viewport: { width: 3840, height: 2160 }, colorScheme: 'dark' }, false],
];

for (const [look, context, axe] of LOOKS)
	test(`every page fits the screen ${look}${axe ? ' and axe finds nothing' : ''}`, { context }, async (tab, { out }) => {
		for (const [name, hash] of await pages(tab)) {
			if (SHORT && look !== 'light' && !OFTEN.includes(name))
				continue;
			await tab.open(hash);
			if (name === 'overview' || name === 'model')
				await tab.page.waitForSelector('canvas, .empty');
			await tab.noWider(`${name}, ${look}`);
			if (axe)
				await tab.axe(`${name}, ${look}`, SHORT && look === 'dark' ? ['color-contrast'] : undefined);
			if (!SHORT || OFTEN.includes(name)) /* nobody looks at those of the short form but where something failed */
				await tab.page.screenshot({ path: `${out}/${name}-${look}.png`, fullPage: !SHORT && look !== 'wall' });
		}
	});

test('axe finds nothing on the page of sign-in', { out: true }, async (tab) => {
	await tab.page.goto(`${tab.rig.url}/`);
	await tab.page.waitForSelector('#token');
	await tab.axe('sign-in');
});

test('signing in, a search, a host and signing out need the keyboard alone', { out: true }, async (tab) => {
	const { page } = tab;
	const [refused] = (await tab.rig.api('hosts?status=contraindicated&limit=1')).hosts;
	const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);

	await page.goto(`${tab.rig.url}/`);
	await page.waitForSelector('#token:focus');
	await page.keyboard.type(tab.rig.token);
	await page.keyboard.press('Enter');
	await page.waitForSelector('body.in');
	await tab.settled();
	await page.reload();
	await tab.settled();
	await page.keyboard.press('Tab');
	assert.equal(await focused(), 'skip');
	assert.equal(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'solid', 'focus is seen');
	await page.keyboard.press('Enter');
	assert.equal(await focused(), 'title');
	await page.keyboard.press('Tab');
	assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)), 'Tab goes on in the content');
	await page.keyboard.press('/');
	assert.equal(await focused(), 'find');
	await page.keyboard.type(refused.name);
	await page.keyboard.press('Enter');
	await page.waitForFunction(() => location.hash.startsWith('#/hosts?q='));
	await tab.settled();
	assert.equal(await focused(), 'title', 'a new page begins at its title');
	for (let i = 0; i < 30 && await focused() !== refused.name; i++)
		await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await tab.says('.verdict .badge', 'refused');
	for (let i = 0; i < 40 && await focused() !== 'sign-out'; i++)
		await page.keyboard.press('Shift+Tab');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#token:focus');
});

test('the menu of a phone opens and closes by the keyboard', { context: { viewport: { width: 360, height: 740 } } }, async (tab) => {
	await tab.page.focus('#menu');
	await tab.page.keyboard.press('Enter');
	assert.equal(await tab.page.getAttribute('#menu', 'aria-expanded'), 'true');
	await tab.page.keyboard.press('Tab');
	assert.equal(await tab.page.evaluate(() => document.activeElement.dataset.page), 'overview');
	await tab.page.keyboard.press('Escape');
	assert.equal(await tab.page.getAttribute('#menu', 'aria-expanded'), 'false');
	assert.equal(await tab.page.evaluate(() => document.activeElement.id), 'menu');
});

test('the colours that were chosen are kept, whatever the system says', { context: { colorScheme: 'dark' } }, async (tab) => {
	const background = () => tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const dark = await background();

	await tab.page.click('#theme');
	const light = await background();

	assert.notEqual(light, dark);
	await tab.page.reload();
	await tab.settled();
	assert.equal(await background(), light);
	await tab.page.click('#theme');
	assert.equal(await background(), dark);
	await tab.page.click('#theme');
	assert.equal(await tab.page.evaluate(() => document.documentElement.dataset.theme), undefined);
});

test('each page has one h1, landmarks, a title of its own and marks itself in the navigation', async (tab) => {
	const titles = new Set();

	for (const [name, hash] of await pages(tab)) {
		await tab.open(hash);
		assert.equal(await tab.page.locator('h1').count(), 1, name);
		assert.equal(await tab.page.locator('main').count(), 1);
		assert.equal(await tab.page.locator('nav a[aria-current=page]').count(), 1, name);
		titles.add(await tab.page.title());
	}
	assert.ok(titles.size >= 11, [...titles].join(', '));
});
