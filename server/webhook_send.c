// SPDX-License-Identifier: Apache-2.0
/* One POST to the operator's URL. agent/transport.c is for assay's own servers and their pins; this is for anybody's. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>

#include "webhook.h"

enum { CONNECT_S = 5, WHOLE_S = 15, ANSWER_MAX = 65536 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* What it says to it is nobody's business; who never ends saying it is cut off. */
static size_t hear(char *at, size_t size, size_t n, void *user)
{
	size_t *heard = user;

	(void)at;
	*heard += size * n;
	return *heard > ANSWER_MAX ? 0 : size * n;
}

int webhook_post(const struct settings *s, const char *const *headers, struct bytes body,
		 struct err *e)
{
	struct curl_slist *list = NULL;
	char why[CURL_ERROR_SIZE] = "";
	size_t heard = 0;
	long status = 0;
	CURLcode rc;
	CURL *c;

	pthread_once(&once, begin);
	c = curl_easy_init();
	if (!c)
		return err_set(e, E_MEMORY, "no memory for a request");
	for (size_t i = 0; headers[i]; i++)
		list = curl_slist_append(list, headers[i]);
	curl_easy_setopt(c, CURLOPT_URL, s->webhook_url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION,
			 0L); /* it was this URL that the operator trusts */
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)WHOLE_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "assay-server/" ASSAY_VERSION);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)body.len);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, (const char *)body.at);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &heard);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
	if (s->webhook_ca[0])
		curl_easy_setopt(c, CURLOPT_CAINFO, s->webhook_ca);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	curl_easy_cleanup(c);
	if (status / 100 == 2) /* it was taken, whatever became of the answer */
		return 0;
	if (rc)
		return err_set(e, E_UNREACHABLE, "%s", why[0] ? why : curl_easy_strerror(rc));
	return err_set(e, E_UNREACHABLE, "HTTP status %ld", status);
}
