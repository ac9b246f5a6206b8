// SPDX-License-Identifier: Apache-2.0
// A server as a new one is, and a fleet that reaches it by its API alone.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(what, test, ms = 15000) {
	const end = Date.now() + ms;

	for (;;) {
		const value = await test();

		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
		await sleep(50);
	}
}

const freePort = () => new Promise((done) => {
	const s = net.createServer().listen(0, '127.0.0.1', () => {
		const { port } = s.address();

		s.close(() => done(port));
	});
});

export class Rig {
	constructor(build) {
		this.server = `${build}/server/assay-server`;
		this.cli = `${build}/cli/assay`;
		this.generator = `${build}/tests/bench/fleet`;
		this.agent = new http.Agent({ keepAlive: true, rejectUnauthorized: false });
		this.work = fs.mkdtempSync(path.join(os.tmpdir(), 'assay-browser.'));
	}

	async begin(more = '') {
		const port = await freePort();

		this.conf = `${this.work}/server.conf`;
		this.url = `https://127.0.0.1:${port}`;
		execFileSync(this.generator, ['--pki', `${this.work}/pki`], { stdio: 'pipe' });
		fs.mkdirSync(`${this.work}/roots`);
		fs.copyFileSync(`${this.work}/pki/root.pem`, `${this.work}/roots/root.pem`);
		fs.writeFileSync(this.conf, `[listen]\naddress = 127.0.0.1\nport = ${port}\n[store]\nstate = ${this.work}/server\n` +
			`[trust]\ndevice_roots = ${this.work}/roots\n[test]\nrelease_from_test_sources = yes\n${more}`);
		const told = execFileSync(this.server, ['--config', this.conf, 'init', '--address', '127.0.0.1']).toString();

		this.token = told.match(/^# {3}(\S+)$/m)[1];
		this.pin = told.match(/^pin = (\S+)$/m)[1];
		fs.writeFileSync(`${this.work}/admin.token`, this.token, { mode: 0o600 });
		await this.start();
	}

	async start() {
		const log = fs.openSync(`${this.work}/server.log`, 'a');

		this.process = spawn(this.server, ['--config', this.conf, 'run'], { stdio: ['ignore', log, log] });
		fs.closeSync(log);
		this.process.once('exit', (code, signal) => {
			if (this.process)
				this.died = `the server ended by itself: ${code ?? signal}`;
		});
		await until('the server starts', () => this.api('tokens/self').then(() => true, () => false));
	}

	/* Not 0: it told why, a leak for example. */
	async stop() {
		const p = this.process;

		this.process = null;
		this.agent.destroy();
		if (!p || p.exitCode !== null)
			return;
		const code = await new Promise((done) => {
			p.once('exit', (c, signal) => done(c ?? signal));
			p.kill('SIGTERM');
		});

		if (code !== 0)
			this.died = `the server ended with ${code}`;
	}

	/* Its log stays in @out as @name: a server that ends by itself has said why there. */
	async end(out, name = 'server.log') {
		await this.stop();
		if (out && fs.existsSync(`${this.work}/server.log`))
			fs.copyFileSync(`${this.work}/server.log`, `${out}/${name}`);
		fs.rmSync(this.work, { recursive: true, force: true });
	}

	/* By the bearer token, past the browser: what a page says is held against this. */
	request(method, where, body, token = this.token) {
		return new Promise((done, failed) => {
			const text = body === undefined ? '' : JSON.stringify(body);
			const rq = http.request(`${this.url}/api/v1/${where}`, {
				method, agent: this.agent,
				headers: { Authorization: `Bearer ${token}`, ...(text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}) },
			}, (rs) => {
				const parts = [];

				rs.on('data', (d) => parts.push(d));
				rs.on('end', () => done({ status: rs.statusCode, headers: rs.headers, text: Buffer.concat(parts).toString() }));
			});

			rq.on('error', failed);
			rq.end(text);
		});
	}

	async api(where, method = 'GET', body = undefined) {
		const answer = await this.request(method, where, body);

		if (answer.status >= 300)
			throw new Error(`${method} ${where}: ${answer.status} ${answer.text}`);
		return answer.text ? JSON.parse(answer.text) : null;
	}

	/* All pages of a list. */
	async all(where, name) {
		const rows = [];
		let cursor = '';

		do {
			const page = await this.api(`${where}${where.includes('?') ? '&' : '?'}limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);

			rows.push(...page[name]);
			cursor = page.next;
		} while (cursor);
		return rows;
	}

	/* What an operator types. */
	assay(...args) {
		const conf = `${this.work}/assay.conf`;

		fs.writeFileSync(conf, `[server]\nurl = ${this.url}\npin = ${this.pin}\ntoken_file = ${this.work}/admin.token\n`);
		return execFileSync(this.cli, ['--config', conf, ...args], { stdio: 'pipe' }).toString();
	}

	generate(args) {
		return new Promise((done, failed) => {
			const p = spawn(this.generator, ['--pki', `${this.work}/pki`, '--url', this.url, '--token-file', `${this.work}/admin.token`, '--pin', this.pin, ...args]);
			let out = '', said = '';

			p.stdout.on('data', (d) => (out += d));
			p.stderr.on('data', (d) => (said += d));
			p.on('error', failed);
			p.on('close', (code) => (code === 0 ? done(out ? JSON.parse(out) : null) : failed(new Error(`the fleet generator ended with ${code}: ${said.slice(-2000)} ${out.slice(0, 2000)}`))));
		});
	}

	async fleet(options) {
		this.made = options;
		this.plan = await this.generate(options);
		return this.plan;
	}

	/* One attestation of one host of that fleet. */
	touch(name, state) {
		return this.generate([...this.made.filter((o, i, all) => !['--rewind', '--database'].includes(o) && !['--rewind', '--database'].includes(all[i - 1])), '--touch', `${name}=${state}`]);
	}
}
