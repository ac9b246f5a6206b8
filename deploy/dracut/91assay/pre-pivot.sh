#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever way the root file system came here: the phase has ended. Sourced by dracut.
(
	# shellcheck source=../../initrd/functions
	. /lib/assay/functions
	assay_cap opened
	assay_hide
	rm -rf "${assay_run:?}/opened" "$assay_run/asked"
)
