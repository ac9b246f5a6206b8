// SPDX-License-Identifier: Apache-2.0
// node paint.mjs ROUNDS URL PIN TOKEN-FILE: how long Chromium takes from asking for the dashboard to having drawn the overview, and
// what comes over the wire for it. Prints a JSON object, a value a round: first_ms, with nothing kept and no connection; again_ms,
// where the files of the page are kept; bytes of the first, chart and headers in it.

import fs from 'node:fs';
import { launch, Tab } from '../browser/harness.js';

const [, , rounds, url, pin, token_file] = process.argv;
const rig = { url, pin, token: fs.readFileSync(token_file, 'utf8').trim() };
const browser = await launch(rig);
const out = { first_ms: [], again_ms: [], bytes: [], answers: 0 };

/* Numbers and lists are there, and the frame after that was drawn. */
function mark() {
	localStorage.setItem('assay.in', 'yes');
	const look = () => {
		if (!document.querySelector('.tiles') || !document.querySelector('[data-key=today]'))
			return requestAnimationFrame(look);
		return requestAnimationFrame(() => {
			const drawn = new MessageChannel();

			drawn.port1.onmessage = () => (window.painted_ms = performance.now());
			drawn.port2.postMessage(0);
		});
	};

	requestAnimationFrame(look);
}

async function painted(page) {
	await page.goto(`${url}/`);
	return (await page.waitForFunction(() => window.painted_ms, null, { timeout: 60000 })).jsonValue();
}

async function session() {
	const context = await browser.newContext();

	await new Tab(await context.newPage(), rig).signIn();
	const cookies = await context.cookies();

	await context.close();
	return cookies;
}

const cookies = await session();

for (let i = -1; i < Number(rounds); i++) { /* the first is to warm up */
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	const page = await context.newPage(), cdp = await context.newCDPSession(page);
	let bytes = 0, answers = 0;

	await context.addCookies(cookies);
	await context.addInitScript(mark);
	await cdp.send('Network.enable');
	cdp.on('Network.loadingFinished', (e) => {
		bytes += e.encodedDataLength;
		answers++;
	});
	const first = await painted(page);

	await page.waitForFunction(() => document.querySelector('.chart canvas'), null, { timeout: 60000 });
	await page.waitForTimeout(300);
	const sum = bytes, n = answers;
	const again = await painted(page);

	await context.close();
	if (i < 0)
		continue;
	out.first_ms.push(Math.round(first * 10) / 10);
	out.again_ms.push(Math.round(again * 10) / 10);
	out.bytes.push(sum);
	out.answers = n;
}
await browser.close();
console.log(JSON.stringify(out));
