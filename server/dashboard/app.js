// SPDX-License-Identifier: Apache-2.0
// The frame around the pages: who is signed in, which page the address means, what the news change.

import * as api from './api.js';
import { el, morph, listen } from './dom.js';
import * as live from './live.js';
import { problemBox, toast } from './parts.js';
import { go, link, parse } from './route.js';
import { keepAges } from './time.js';
import { changeText } from './words.js';

const PAGES = {
	overview: { name: 'Overview', load: () => import('./page_overview.js') },
	hosts: { name: 'Hosts', load: () => import('./page_hosts.js'), one: () => import('./page_host.js') },
	devices: { name: 'Devices', load: () => import('./page_devices.js'), one: () => import('./page_device.js') },
	firmware: { name: 'Firmware', load: () => import('./page_firmware.js'), one: () => import('./page_model.js') },
	refvals: { name: 'Reference values', load: () => import('./page_refvals.js'), one: () => import('./page_refval.js') },
	proposals: { name: 'Proposals', load: () => import('./page_proposals.js'), one: () => import('./page_proposal.js') },
	secrets: { name: 'Secrets', load: () => import('./page_secrets.js'), role: 'operator' },
	audit: { name: 'Audit', load: () => import('./page_audit.js'), role: 'operator', whole: true },
	tokens: { name: 'Tokens', load: () => import('./page_tokens.js'), role: 'admin', whole: true },
};
const ROLES = ['viewer', 'provisioner', 'operator', 'admin'];
const REFRESH_MS = 1500; /* news come in heaps */

const $ = (id) => document.getElementById(id);
let self = null, showing = null, asked = 0, moved = false;
let due = 0, last_refresh = 0, busy = false, once_more = false;

export function may(page) {
	return !page.role || (ROLES.indexOf(self?.role) >= ROLES.indexOf(page.role) && !(page.whole && self.groups.length));
}

/* ---- one page ---- */
function put(node, title) {
	document.title = `${title} · assay`;
	morph($('main'), el('div', {}, node));
}

async function moduleOf(route) {
	const page = PAGES[route.page];

	try {
		return await (route.parts.length && page.one ? page.one() : page.load());
	} catch (e) { /* another version of the server has other pages */
		const key = `assay.reloaded.${route.page}`;

		if (sessionStorage.getItem(key))
			throw e;
		sessionStorage.setItem(key, 'yes');
		location.reload();
		throw e;
	}
}

const refusal = (title, e) => el('div', {}, el('h1', { id: 'title', tabindex: '-1' }, title), problemBox(e));

async function render(route, mine) {
	const page = Object.hasOwn(PAGES, route.page) ? PAGES[route.page] : null;

	if (!page || !may(page))
		return { title: 'No such page', node: refusal('Not here', new api.Problem(page ? 403 : 404, page ? `${page.name} is not for this token` : 'There is no such page')) };
	const module = await moduleOf(route);
	const c = { parts: route.parts, query: route.query, self, signal: showing.signal, again: refresh };

	if (mine !== asked)
		return null;
	return { title: module.title(c), node: await module.show(c) };
}

async function show(fresh) {
	const route = parse(location.hash);
	const mine = ++asked;
	const before = $('main').dataset.page;
	const here = [route.page, ...route.parts].join('/');
	let out;

	showing?.abort();
	showing = new AbortController();
	busy = true;
	$('busy').hidden = !fresh;
	try {
		out = await render(route, mine);
	} catch (e) {
		if (e.name === 'AbortError' || e.status === 401)
			return;
		if (!fresh && before === here && e.status === 0)
			return; /* what stands there stays; the mark says that it is old */
		out = { title: 'Not shown', node: refusal(e.status === 404 ? 'Not found' : 'Not shown', e) };
	} finally {
		if (mine === asked)
			finished();
	}
	if (!out || mine !== asked || !self)
		return;
	if (before !== here)
		$('main').replaceChildren();
	$('main').dataset.page = here;
	put(out.node, out.title);
	markNav(route.page);
	if (before !== here && moved) {
		scrollTo(0, 0);
		$('title')?.focus({ preventScroll: true });
	}
	moved = true;
}

function finished() {
	busy = false;
	$('busy').hidden = true;
	if (once_more)
		refresh();
	once_more = false;
}

/* Never in the middle of a page that is being asked for: many news would keep it from ever being there. */
export function refresh() {
	const wait = last_refresh + REFRESH_MS - Date.now();

	clearTimeout(due);
	due = setTimeout(() => {
		last_refresh = Date.now();
		if (busy)
			once_more = true;
		else if (self && !document.hidden)
			show(false);
	}, Math.max(wait, 50));
}

/* ---- the frame ---- */
function markNav(page) {
	for (const a of $('nav').querySelectorAll('a')) {
		if (a.dataset.page === page)
			a.setAttribute('aria-current', 'page');
		else
			a.removeAttribute('aria-current');
	}
	$('menu').setAttribute('aria-expanded', 'false');
}

function fillNav() {
	$('nav').replaceChildren(el('ul', {}, Object.entries(PAGES).filter(([, p]) => may(p))
		.map(([key, p]) => el('li', {}, el('a', { href: link(key === 'overview' ? [''] : [key]), 'data-page': key }, p.name)))));
	$('who').textContent = `${self.name} · ${self.role}${self.groups.length ? ` of ${self.groups.join(', ')}` : ''}`;
}

let unsaid = 0, said_at = 0;

/* A rack that goes down is one word, not forty. */
function news(c) {
	const now = Date.now();

	refresh();
	if (now - said_at < 3000) {
		unsaid++;
		return;
	}
	toast(unsaid ? `${changeText(c)} — and ${unsaid} more` : changeText(c), c.status, link(['hosts', c.host]));
	said_at = now;
	unsaid = 0;
}

function liveState(is) {
	$('live').className = is ? 'live on' : 'live off';
	$('live').textContent = is ? 'live' : 'not live, trying again';
}

async function enter() {
	self = await api.get('tokens/self');
	document.body.classList.add('in');
	try {
		localStorage.setItem('assay.in', 'yes');
	} catch { /* asked again next time */ }
	fillNav();
	live.start({ change: news, refresh, state: liveState });
	return show(true);
}

async function leave(text) {
	const { signIn } = await import('./page_signin.js');

	self = null;
	asked++;
	showing?.abort();
	busy = false;
	live.stop();
	api.forget();
	try {
		localStorage.removeItem('assay.in');
	} catch { /* then it is not kept either */ }
	document.body.classList.remove('in');
	delete $('main').dataset.page;
	document.title = 'Sign in · assay';
	$('main').replaceChildren(signIn(text, () => enter()));
	$('token').focus();
}

async function signOut() {
	try {
		await api.change('DELETE', 'sign-in');
	} catch { /* the cookie ends by itself */ }
	leave('You are signed out.');
}

function wasIn() {
	try {
		return localStorage.getItem('assay.in') === 'yes';
	} catch {
		return true;
	}
}

function keys(e) {
	const in_field = e.target.closest?.('input, select, textarea, dialog');

	if (e.key === '/' && !in_field && !e.ctrlKey && !e.metaKey && !e.altKey && self) {
		e.preventDefault();
		($('filter-q') || $('find')).focus();
	} else if (e.key === 'Escape' && $('menu').getAttribute('aria-expanded') === 'true') {
		$('menu').setAttribute('aria-expanded', 'false');
		$('menu').focus();
	}
}

async function begin() {
	const { themeSwitch } = await import('./theme_switch.js');

	themeSwitch($('theme'));
	keepAges();
	listen($('menu'), { click: () => $('menu').setAttribute('aria-expanded', String($('menu').getAttribute('aria-expanded') !== 'true')) });
	listen($('sign-out'), { click: signOut });
	listen($('skip'), { click: (e) => {
		e.preventDefault();
		($('title') || $('main')).focus();
	} });
	listen($('finder'), { submit: (e) => {
		e.preventDefault();
		go(link(['hosts'], { q: $('find').value.trim() }));
		$('find').value = '';
	} });
	document.addEventListener('keydown', keys);
	document.addEventListener('visibilitychange', () => !document.hidden && refresh());
	addEventListener('hashchange', () => self && show(true));
	api.onSignedOut(() => self && leave('The session has ended. Sign in again.'));
	if (!wasIn()) {
		await leave('');
		return;
	}
	try {
		await enter();
	} catch (e) {
		await leave(e.status === 401 ? '' : e.message);
	}
}

begin();
