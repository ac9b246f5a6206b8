// SPDX-License-Identifier: Apache-2.0
#include "swid.h"

#include <stdlib.h>

void swid_drop(struct swid **s)
{
	if (!s || !*s)
		return;
	for (size_t i = 0; i < (*s)->n; i++)
		free((*s)->at[i].hash);
	cert_list_drop(&(*s)->signers);
	free(*s);
	*s = NULL;
}
