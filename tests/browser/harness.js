// SPDX-License-Identifier: Apache-2.0
// Tests are sentences, one after the other, each in a tab of its own. Whatever the console calls an error
// fails the test, a violation of the page's policy too.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

export const SHORT = Boolean(process.env.ASSAY_BROWSER_SHORT);
const tests = [];

/** @options: allow: [RegExp] of console errors that belong to the test; context: of playwright; out: not signed in; own: a browser context of its own. */
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

	/* An address of the dashboard, when what it shows is there: at the event the page begins to be busy. */
	async open(hash) {
		await this.page.evaluate((h) => new Promise((done) => {
			const before = location.href;

			addEventListener('hashchange', done, { once: true });
			location.hash = h;
			if (location.href === before)
				done();
		}), hash);
		await this.page.waitForFunction(() => document.getElementById('busy').hidden && document.getElementById('title'));
	}

	/* After something that may still lead to another page. */
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
		if (!await this.page.evaluate(() => Boolean(window.axe)))
			await this.page.evaluate(AXE);
		const found = await this.page.evaluate(([rules, short]) => {
			/* of rows of one shape, of which a page has up to a hundred, the short form looks at two */
			const shape = (n) => `${n.tagName}.${n.className?.baseVal ?? n.className}[${[...n.attributes].map((a) => a.name)}](${[...n.children].map(shape)})`;
			const surplus = short ? [...document.querySelectorAll('tbody, main ul, main ol')].flatMap((list) => {
				const seen = new Map();

				return [...list.children].filter((row) => {
					const s = shape(row), n = (seen.get(s) || 0) + 1;

					seen.set(s, n);
					return n > 2;
				});
			}) : [];

			return window.axe.run(surplus.length ? { include: [document], exclude: surplus } : document, { resultTypes: ['violations'], ...(rules ? { runOnly: rules } : {}) });
		}, [only, SHORT]);

		assert.ok(found.passes.length >= (only ? 1 : 10), `axe looked at ${what}`);
		assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join(' | ')}`), [], `axe on ${what}`);
	}

	async noWider(what) {
		const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

		assert.ok(over <= 0, `${what} is ${over} px wider than the screen`);
	}
}

/* ---- a tab for each ---- */
const LOOK = { viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' };

async function newContext(browser, options, cookies) {
	const context = await browser.newContext({ ...LOOK, ...options });

	await context.addInitScript(() => addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`)));
	if (cookies) {
		await context.addCookies(cookies);
		/* a state that playwright keeps would say so too, but it is loaded by a page of its own, half a second each time */
		await context.addInitScript(() => localStorage.setItem('assay.in', 'yes'));
	}
	return context;
}

/* One session for the tests that are not about signing in. */
async function signIn(browser, rig) {
	const context = await newContext(browser);

	await new Tab(await context.newPage(), rig).signIn();
	const cookies = await context.cookies();

	await context.close();
	return cookies;
}

/*
 * A context costs as much as many a test. Those that change nothing that outlives a page share one; who signs in or out, has
 * another screen, another clock or answers of its own has its own.
 */
async function contextFor(browser, rig, shared, options) {
	const cookies = options.out ? null : await (rig.session ||= signIn(browser, rig));

	if (options.out || options.own || options.context)
		return newContext(browser, options.context, cookies);
	shared.context ||= await newContext(browser, {}, cookies);
	return shared.context;
}

async function runOne(browser, rig, t, out, shared) {
	const context = await contextFor(browser, rig, shared, t.options);
	const tab = new Tab(await context.newPage(), rig, t.options.allow);
	let well = false;

	try {
		if (!t.options.out) {
			await tab.page.goto(`${rig.url}/`);
			await tab.settled();
		}
		await t.run(tab, { browser, context, out });
		assert.deepEqual(tab.complaints, [], 'the console has no error');
		well = true;
	} catch (e) {
		await tab.page.screenshot({ path: `${out}/failed-${t.name.replace(/\W+/g, '-').slice(0, 80)}.png`, fullPage: true }).catch(() => {});
		if (tab.complaints.length)
			e.message += `\nconsole: ${tab.complaints.join('\n')}`;
		throw e;
	} finally {
		if (well && context === shared.context) {
			await tab.page.close();
		} else {
			if (context === shared.context)
				shared.context = null;
			await context.close();
		}
	}
}

/** The tests of a file. */
export async function testsOf(file) {
	await import(file);
	return tests.splice(0);
}

/** Every one of @list whose name has one of @names, or all. Return: how many failed. */
export async function runTests(browser, rig, out, list, names) {
	const shared = { context: null };
	let failed = 0;

	for (const t of list) {
		if (names.length && !names.some((n) => t.name.includes(n)))
			continue;
		if (rig.died)
			throw new Error(rig.died);
		const since = Date.now();

		console.log(`[ RUN      ] ${t.name}`);
		try {
			await runOne(browser, rig, t, out, shared);
			console.log(`[       OK ] ${t.name} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
		} catch (e) {
			failed++;
			console.log(`${e.stack || e}\n[  FAILED  ] ${t.name}`);
		}
	}
	await shared.context?.close();
	return failed;
}

export { assert };
