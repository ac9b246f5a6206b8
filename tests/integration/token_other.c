// SPDX-License-Identifier: Apache-2.0
/* A token plugin of another kind, for what comes after ours: it gives what stands in the file that its token names. */
#include <errno.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cryptsetup_token_version(void);
int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len,
			  void *usrptr);

const char *cryptsetup_token_version(void)
{
	return "1";
}

/* Its token ends with "file":"PATH"}. */
static FILE *file_of(const char *json)
{
	const char *path = strstr(json, "\"file\":\"");
	char *copy = path ? strdup(path + strlen("\"file\":\"")) : NULL;
	FILE *f = NULL;

	if (copy) {
		copy[strcspn(copy, "\"")] = 0;
		f = fopen(copy, "r");
	}
	free(copy);
	return f;
}

int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len,
			  void *usrptr)
{
	const char *json;
	FILE *f = crypt_token_json_get(cd, token, &json) < 0 ? NULL : file_of(json);

	(void)usrptr;
	*buffer = calloc(1, 128);
	if (!f || !*buffer)
		return -ENOENT;
	*buffer_len = fread(*buffer, 1, 128, f);
	fclose(f);
	return 0;
}
