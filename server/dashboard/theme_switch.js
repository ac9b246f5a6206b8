// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it.

import { listen } from './dom.js';

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' };

const current = () => document.documentElement.dataset.theme || 'auto';

function set(theme) {
	const root = document.documentElement;

	if (theme === 'auto')
		delete root.dataset.theme;
	else
		root.dataset.theme = theme;
	try {
		if (theme === 'auto')
			localStorage.removeItem('assay.theme');
		else
			localStorage.setItem('assay.theme', theme);
	} catch { /* for this page only, then */ }
}

async function redrawCharts() {
	if (document.querySelector('.chart'))
		(await import('./graph.js')).redraw();
}

export function themeSwitch(button) {
	const say = () => {
		button.querySelector('.theme-name').textContent = current();
		button.setAttribute('aria-label', `Colours: ${current()}. Change to ${NEXT[current()]}`);
	};

	listen(button, { click: () => {
		set(NEXT[current()]);
		say();
		redrawCharts();
	} });
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts);
	say();
}
