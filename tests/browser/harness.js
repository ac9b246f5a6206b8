// SPDX-License-Identifier: Apache-2.0
// Tests are sentences, one after the other, each in a browser context of its own. Whatever the console calls an error
// fails the test, a violation of the page's policy too.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

const tests = [];

/** @options: allow: [RegExp] of console errors that belong to the test; context: of playwright; out: not signed in. */
export function test(name, options, run) {
	tests.push(typeof options === 'function' ? { name, options: {}, run: options } : { name, options, run });
}

export async function launch(rig) {
	return chromium.launch({
		executablePath: CHROMIUM,
		/* its certificate is known by its key, as the agent knows it: nothing else is let pass */
		args: ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${rig.pin}`],
	});
}

export class Tab {
	constructor(page, rig, allow) {
		this.page = page;
		this.rig = rig;
		this.allow = allow || [];
		this.complaints = [];
		page.on('console', (m) => m.type() === 'error' && this.complain(m.text()));
		page.on('pageerror', (e) => this.complain(e.stack || e.message));
		page.on('dialog', (d) => {
			this.complain(`a dialog: ${d.message()}`);
			d.dismiss();
		});
	}

	complain(text) {
		if (!this.allow.some((a) => a.test(text)))
			this.complaints.push(text);
	}

	async signIn(token = this.rig.token) {
		await this.page.goto(`${this.rig.url}/`);
		await this.page.fill('#token', token);
		await this.page.keyboard.press('Enter');
		await this.page.waitForSelector('body.in');
	}

	/* An address of the dashboard, when what it shows is there. */
	async open(hash) {
		await this.page.evaluate((h) => (location.hash = h), hash);
		await this.settled();
	}

	async settled() {
		await this.page.waitForFunction(() => document.getElementById('busy').hidden && document.getElementById('title') && !document.querySelector('body:not(.in)'));
		await this.page.waitForTimeout(60);
		await this.page.waitForFunction(() => document.getElementById('busy').hidden && document.getElementById('title'));
	}

	text(selector) {
		return this.page.locator(selector).innerText();
	}

	texts(selector) {
		return this.page.locator(selector).allInnerTexts();
	}

	async says(selector, wanted) {
		await this.page.waitForFunction(([s, w]) => [...document.querySelectorAll(s)].some((n) => n.textContent.includes(w)), [selector, wanted], { timeout: 15000 });
	}

	async axe(what, only) {
		/* its source is text of ours, not of the page: it does not pass the page's policy */
		await this.page.evaluate(AXE);
		const found = await this.page.evaluate((rules) => window.axe.run(document, { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) }), only);

		assert.ok(found.passes.length >= (only ? 1 : 10), `axe looked at ${what}`);
		assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join(' | ')}`), [], `axe on ${what}`);
	}

	async noWider(what) {
		const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

		assert.ok(over <= 0, `${what} is ${over} px wider than the screen`);
	}
}

let state = null;

/* One session for the tests that are not about signing in. */
async function signedIn(browser, rig) {
	const context = state && state.rig === rig ? null : await browser.newContext();

	if (context) {
		await new Tab(await context.newPage(), rig).signIn();
		state = { rig, kept: await context.storageState() };
		await context.close();
	}
	return state.kept;
}

async function runOne(browser, rig, t, out) {
	const kept = t.options.out ? undefined : await signedIn(browser, rig);
	const context = await browser.newContext({ storageState: kept, viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce', ...t.options.context });

	await context.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
	const tab = new Tab(await context.newPage(), rig, t.options.allow);

	try {
		if (!t.options.out) {
			await tab.page.goto(`${rig.url}/`);
			await tab.settled();
		}
		await t.run(tab, { browser, context, out });
		assert.deepEqual(tab.complaints, [], 'the console has no error');
	} catch (e) {
		await tab.page.screenshot({ path: `${out}/failed-${t.name.replace(/\W+/g, '-').slice(0, 80)}.png`, fullPage: true }).catch(() => {});
		if (tab.complaints.length)
			e.message += `\nconsole: ${tab.complaints.join('\n')}`;
		throw e;
	} finally {
		await context.close();
	}
}

/** Every test whose name has one of @names, or all. Return: how many failed. */
export async function runTests(browser, rig, out, names) {
	let failed = 0;

	for (const t of tests.splice(0)) {
		if (names.length && !names.some((n) => t.name.includes(n)))
			continue;
		if (rig.died)
			throw new Error(rig.died);
		const since = Date.now();

		console.log(`[ RUN      ] ${t.name}`);
		try {
			await runOne(browser, rig, t, out);
			console.log(`[       OK ] ${t.name} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
		} catch (e) {
			failed++;
			console.log(`${e.stack || e}\n[  FAILED  ] ${t.name}`);
		}
	}
	return failed;
}

export { assert };
