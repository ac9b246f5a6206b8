// SPDX-License-Identifier: Apache-2.0
// Before the first paint, so that a dark room stays dark: not a module.
'use strict';
(function () {
	var kept = null;

	try {
		kept = localStorage.getItem('assay.theme');
	} catch (e) { /* storage may be forbidden */ }
	if (kept === 'light' || kept === 'dark')
		document.documentElement.dataset.theme = kept;
})();
