// SPDX-License-Identifier: Apache-2.0
// node main.js BUILD DELIVERED [part of a name...]: first an empty server, then the same one with a fleet, both as they are
// delivered; beside it the one of BUILD, with its sanitizers, and a fleet of hostile texts.

import fs from 'node:fs';
import { launch, runTests, testsOf } from './harness.js';
import { Rig } from './rig.js';

const [, , build, delivered, ...names] = process.argv;
const out = `${build}/browser`;
const HOSTS = process.env.ASSAY_BROWSER_HOSTS || '60';
const known = {};
let failed = 0;

async function fleet(rig, hosts, more) {
	const since = Date.now();

	await rig.fleet(['--hosts', hosts, '--devices', '2', '--groups', '3', '--models', '3', '--warned', '10', '--stale', '10', '--proposing', '10', '--hostile', ...more]);
	console.log(`a fleet of ${hosts} hosts in ${((Date.now() - since) / 1000).toFixed(1)} s: ${JSON.stringify(rig.plan.expected)}`);
}

/* A server and what is seen of it; a browser for each, which knows its certificate. */
async function part(folder, log, run) {
	const rig = new Rig(folder);
	let browser = null;

	try {
		await rig.begin();
		browser = await launch(rig);
		const tests = async (files) => {
			for (const file of files) {
				const bad = await runTests(browser, rig, out, known[file], names);

				failed += bad; /* not in one step: others count meanwhile */
			}
		};

		await run(rig, tests);
	} catch (e) {
		failed++;
		console.log(`${e.stack || e}\n[  FAILED  ] the suite goes on to its end`);
	} finally {
		await browser?.close();
		await rig.end(out, log);
	}
	if (rig.died) {
		failed++;
		console.log(`${rig.died}: ${out}/${log}\n[  FAILED  ] the server ends when it is told to, and well`);
	}
}

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
for (const file of ['empty', 'session', 'numbers', 'hosts', 'firmware', 'decide', 'live', 'access', 'hostile'])
	known[file] = await testsOf(`./test_${file}.js`);
await Promise.all([
	part(delivered, 'server.log', async (rig, tests) => {
		await tests(['empty', 'session']);
		await fleet(rig, HOSTS, ['--refused', '10', '--rounds', '2', '--rewind', '5', '--database', `${rig.work}/server/assay.db`]);
		/* who only looks goes beside the others; the last ones stop the server */
		await Promise.all([tests(['access']), tests(['numbers', 'hosts', 'firmware', 'decide'])]);
		await tests(['live']);
	}),
	part(build, 'server-sanitized.log', async (rig, tests) => {
		await fleet(rig, '20', ['--refused', '40']);
		await tests(['hostile']);
	}),
]);
process.exit(failed ? 1 : 0);
