// SPDX-License-Identifier: Apache-2.0
// node watch.mjs N URL TOKEN-FILE: N open dashboards without a browser. Each listens to /api/v1/events and asks for the overview again
// as live.js and app.js do: at news, and at most every 1.5 s; a list that did not change is not sent again. Says "open" when each
// has its first page; at SIGTERM what was asked and sent, as a JSON object. Whose key the server has was looked at by others.

import fs from 'node:fs';
import https from 'node:https';

const REFRESH_MS = 1500;
const PAGE = ['overview', 'proposals', 'hosts?status=contraindicated&limit=8', 'hosts?status=warning&limit=5', 'hosts?status=stale&limit=4'];
const [, , n, url, token_file] = process.argv;
const authorization = `Bearer ${fs.readFileSync(token_file, 'utf8').trim()}`;
const sum = { dashboards: Number(n), news: 0, pages: 0, answers: 0, unchanged: 0, bytes: 0 };
const fail = (what) => {
	console.error(`watch: ${what}`);
	process.exit(1);
};

class Dashboard {
	constructor() {
		this.agent = new https.Agent({ keepAlive: true, maxSockets: 6, rejectUnauthorized: false });
		this.tags = new Map();
		this.last = 0;
		this.due = null;
	}

	ask(path, headers, answered) {
		const rq = https.get(`${url}/api/v1/${path}`, { agent: this.agent, headers: { Authorization: authorization, ...headers } }, answered);

		/* a connection that the server ended meanwhile, idle for long: asked again, as a browser does */
		rq.on('error', (e) => (rq.reusedSocket && e.code === 'ECONNRESET' ? this.ask(path, headers, answered) : fail(`${path}: ${e.message}`)));
	}

	get(path) {
		const tag = this.tags.get(path);

		return new Promise((done) => this.ask(path, tag ? { 'If-None-Match': tag } : {}, (rs) => {
			if (rs.statusCode !== 200 && rs.statusCode !== 304)
				fail(`${path}: ${rs.statusCode}`);
			sum.answers++;
			sum.unchanged += rs.statusCode === 304;
			if (rs.headers.etag)
				this.tags.set(path, rs.headers.etag);
			rs.on('data', (d) => (sum.bytes += d.length)).on('end', done);
		}));
	}

	async show() {
		this.last = Date.now();
		await Promise.all(PAGE.map((p) => this.get(p)));
		sum.pages++;
	}

	news() {
		sum.news++;
		clearTimeout(this.due);
		this.due = setTimeout(() => this.show(), Math.max(this.last + REFRESH_MS - Date.now(), 50));
	}

	listen() {
		return new Promise((done) => this.ask('events', { Accept: 'text/event-stream' }, (rs) => {
			if (rs.statusCode !== 200)
				fail(`events: ${rs.statusCode}`);
			rs.setEncoding('utf8').on('data', (d) => /^event: (change|overview|reload)$/m.test(d) && this.news());
			rs.on('end', () => fail('the stream has ended'));
			done();
		}));
	}
}

const all = Array.from({ length: Number(n) }, () => new Dashboard());

process.on('SIGTERM', () => {
	console.log(JSON.stringify(sum));
	process.exit(0);
});
await Promise.all(all.map((d) => d.listen()));
await Promise.all(all.map((d) => d.show()));
console.log('open');
