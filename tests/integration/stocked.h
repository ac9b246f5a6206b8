/* SPDX-License-Identifier: Apache-2.0 */
/* A server's state folder whose database has a row in each table that has a MAC. */
#ifndef ASSAY_TEST_STOCKED_H
#define ASSAY_TEST_STOCKED_H

#include "server/settings.h"

#define STOCKED_UEID                                                                               \
	{                                                                                          \
		1, 2, 3                                                                            \
	}
#define STOCKED_UUID                                                                               \
	{                                                                                          \
		9                                                                                  \
	}
#define STOCKED_HASH                                                                               \
	{                                                                                          \
		4                                                                                  \
	}

/** stocked_folder - a scratch folder with server.conf and state; @settings name what is in it. rig_folder_remove(). */
void stocked_folder(char folder[256], struct settings *settings);

#endif
