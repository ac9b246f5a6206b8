// SPDX-License-Identifier: Apache-2.0
// node screenshots.js BUILD FOLDER: what README shows, each below 150 KB.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { assert, launch, Tab } from './harness.js';
import { Rig } from './rig.js';

const MAX = 150 * 1000;
const [, , build, out] = process.argv;
const rig = new Rig(build);
let browser = null;

async function shoot(tab, name, hash, height) {
	await tab.open(hash);
	await tab.page.setViewportSize({ width: 1280, height });
	await tab.page.waitForTimeout(800); /* a chart is drawn in a frame after its library came */
	await tab.page.screenshot({ path: `${out}/${name}.png` });
	execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', `${out}/${name}.png`, '256', `${out}/${name}.png`]);
	const { size } = fs.statSync(`${out}/${name}.png`);

	console.log(`${name}.png: ${(size / 1000).toFixed(0)} KB`);
	assert.ok(size < MAX, `${name}.png has ${size} bytes`);
}

try {
	fs.mkdirSync(out, { recursive: true });
	await rig.begin();
	await rig.fleet(['--hosts', '120', '--devices', '3', '--groups', '4', '--models', '3', '--rounds', '2', '--refused', '4', '--warned', '5', '--stale', '4',
		'--rewind', '6', '--database', `${rig.work}/server/assay.db`]);
	browser = await launch(rig);
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' });
	const tab = new Tab(await context.newPage(), rig);
	const name = rig.plan.states.firmware[0];

	await tab.signIn();
	await shoot(tab, 'overview', '#/', 900);
	await shoot(tab, 'refused-host', `#/hosts/${encodeURIComponent(name)}`, 760);
	await shoot(tab, 'firmware', '#/firmware', 900);
	assert.deepEqual(tab.complaints, []);
} finally {
	await browser?.close();
	await rig.end();
}
