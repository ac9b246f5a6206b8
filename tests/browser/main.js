// SPDX-License-Identifier: Apache-2.0
// node main.js BUILD [part of a name...]: first an empty server, then the same one with a fleet.

import fs from 'node:fs';
import { launch, runTests } from './harness.js';
import { Rig } from './rig.js';

const [, , build, ...names] = process.argv;
const out = `${build}/browser`;
const HOSTS = process.env.ASSAY_BROWSER_HOSTS || '60';
const rig = new Rig(build);
let failed = 0, browser = null;

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
try {
	await rig.begin();
	browser = await launch(rig);
	await import('./test_empty.js');
	await import('./test_session.js');
	failed += await runTests(browser, rig, out, names);
	const since = Date.now();

	await rig.fleet(['--hosts', HOSTS, '--devices', '2', '--groups', '3', '--models', '3', '--rounds', '2', '--refused', '10', '--warned', '10', '--stale', '10',
		'--hostile', '--rewind', '5', '--database', `${rig.work}/server/assay.db`]);
	console.log(`a fleet of ${HOSTS} hosts in ${((Date.now() - since) / 1000).toFixed(1)} s: ${JSON.stringify(rig.plan.expected)}`);
	for (const file of ['numbers', 'hosts', 'firmware', 'decide', 'live', 'hostile', 'access'])
		await import(`./test_${file}.js`);
	failed += await runTests(browser, rig, out, names);
	if (rig.died)
		throw new Error(rig.died);
} catch (e) {
	failed++;
	console.log(`${e.stack || e}\n[  FAILED  ] the suite goes on to its end`);
} finally {
	await browser?.close();
	await rig.end(out);
}
process.exit(failed ? 1 : 0);
