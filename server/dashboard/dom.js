// SPDX-License-Identifier: Apache-2.0
// How every page makes its elements. Each text passes visible(): what came from a device, a host or a certificate is
// text, and what would move or hide other text is shown as what it is.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const SVG = 'http://www.w3.org/2000/svg';

const escaped = (c) => `\\u{${c.codePointAt(0).toString(16)}}`;

/** The text with control characters, bidi marks and invisible ones as escapes. */
export function visible(text) {
	return String(text).replace(HIDDEN, escaped);
}

/* As nodes: an escape looks different from the same letters typed by somebody. */
function textNodes(text) {
	const s = String(text);
	const nodes = [];
	let done = 0;

	for (const m of s.matchAll(HIDDEN)) {
		if (m.index > done)
			nodes.push(document.createTextNode(s.slice(done, m.index)));
		const mark = document.createElement('span');
		mark.className = 'mark';
		mark.textContent = escaped(m[0]);
		nodes.push(mark);
		done = m.index + m[0].length;
	}
	if (done < s.length)
		nodes.push(document.createTextNode(s.slice(done)));
	return nodes;
}

function add(node, child) {
	if (child === null || child === undefined || child === false || child === '')
		return;
	if (Array.isArray(child))
		child.forEach((c) => add(node, c));
	else
		node.append(...(child instanceof Node ? [child] : textNodes(child)));
}

function dispatch(event) {
	const handler = event.currentTarget.handlers?.[event.type];

	if (handler)
		handler(event);
}

/* Handlers live in a property, so that a refreshed page can hand its own to an element that stays. */
export function listen(node, handlers) {
	const known = node.handlers || {};

	for (const type of Object.keys(handlers))
		if (!known[type])
			node.addEventListener(type, dispatch);
	node.handlers = { ...known, ...handlers };
}

function put(node, key, value) {
	if (value === null || value === undefined || value === false)
		return;
	if (key === 'on')
		listen(node, value);
	else if (key === 'href' && !/^[#/]/.test(value))
		throw new TypeError(`a link to ${value}`);
	else if (key === 'vars')
		for (const [name, v] of Object.entries(value))
			node.style.setProperty(`--${name}`, v);
	else
		node.setAttribute(key, value === true ? '' : visible(value));
}

/** el('a', { href: '#/hosts', class: 'x' }, 'text', node, [more]): texts are texts, never markup. */
export function el(tag, props, ...children) {
	const node = document.createElement(tag);

	for (const [key, value] of Object.entries(props || {}))
		put(node, key, value);
	add(node, children);
	return node;
}

/** Text of unknown direction, kept from turning its neighbours around. */
export function data(text, props) {
	return el('bdi', props, text);
}

/** A drawing of 16 by 16, for the eye only. */
export function icon(path, cls) {
	const svg = document.createElementNS(SVG, 'svg');
	const p = document.createElementNS(SVG, 'path');

	svg.setAttribute('viewBox', '0 0 16 16');
	svg.setAttribute('aria-hidden', 'true');
	svg.setAttribute('class', `icon ${cls || ''}`);
	p.setAttribute('d', path);
	svg.append(p);
	return svg;
}

/* ---- a new rendering into an old one: focus, scroll and what is open stay ---- */
const keyOf = (n) => (n.nodeType === Node.ELEMENT_NODE ? n.getAttribute('data-key') || n.id : '');

function alike(a, b) {
	return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function morphAttributes(old, next) {
	for (const { name } of [...old.attributes])
		if (!next.hasAttribute(name) && name !== 'open')
			old.removeAttribute(name);
	for (const { name, value } of [...next.attributes])
		if (name === 'style')
			old.style.cssText = next.style.cssText; /* as an attribute the page's policy forbids it */
		else if (old.getAttribute(name) !== value && name !== 'open')
			old.setAttribute(name, value);
}

/* What somebody is typing stays; what came by the address (Back) goes in. */
function morphValue(old, next) {
	if (!/^(INPUT|SELECT|TEXTAREA)$/.test(old.nodeName) || old.value === next.value || old.typing)
		return;
	if (old !== document.activeElement || old.value.trim() !== next.value)
		old.value = next.value;
}

function morphOne(old, next) {
	if (old.nodeType !== Node.ELEMENT_NODE) {
		if (old.nodeValue !== next.nodeValue)
			old.nodeValue = next.nodeValue;
	} else if (old.refresh) { /* a chart: it takes the new numbers itself */
		old.refresh(next);
	} else {
		morphAttributes(old, next);
		if (next.handlers)
			listen(old, next.handlers);
		morph(old, next);
		morphValue(old, next);
	}
}

/** Make the children of @old those of @next; a node of the same kind and key stays and is changed. */
export function morph(old, next) {
	let at = old.firstChild;

	for (const want of [...next.childNodes]) {
		if (at && !alike(at, want) && keyOf(want)) {
			const moved = [...old.children].find((c) => alike(c, want));

			if (moved)
				old.insertBefore(moved, at), (at = moved);
		}
		if (at && alike(at, want)) {
			morphOne(at, want);
			at = at.nextSibling;
		} else {
			old.insertBefore(want, at);
		}
	}
	while (at) {
		const gone = at;

		at = at.nextSibling;
		gone.remove();
	}
}
