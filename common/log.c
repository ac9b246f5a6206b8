// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level least = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	least = level;
}

static __thread char request[24];

void log_request(const char *id)
{
	snprintf(request, sizeof(request), "%s", id);
}

struct line {
	char at[4096];
	size_t len;
};

static void add_char(struct line *l, char c)
{
	if (l->len < sizeof(l->at) - 2)
		l->at[l->len++] = c;
}

static void add_text(struct line *l, const char *s)
{
	while (*s)
		add_char(l, *s++);
}

/* Quote when a reader of logfmt would need it; a control byte becomes \xNN and cannot start a line. */
static void add_value(struct line *l, const char *s)
{
	char hex[8];

	if (*s && !strpbrk(s, " \"=\\")) {
		const char *p = s;

		while ((unsigned char)*p > 0x20 && *p != 0x7f)
			p++;
		if (!*p) {
			add_text(l, s);
			return;
		}
	}
	add_char(l, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') {
			add_char(l, '\\');
			add_char(l, *s);
		} else if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)*s);
			add_text(l, hex);
		} else {
			add_char(l, *s);
		}
	}
	add_char(l, '"');
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	struct line l = { .len = 0 };
	struct timespec now;
	struct tm tm;
	char number[32];
	size_t n;

	if (level < least)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(l.at, sizeof(l.at), "time=%Y-%m-%dT%H:%M:%S", &tm);
	l.len = n + (size_t)snprintf(l.at + n, sizeof(l.at) - n,
				     ".%03ldZ level=%s event=", now.tv_nsec / 1000000,
				     names[level]);
	add_value(&l, event);
	if (request[0]) {
		add_text(&l, " request=");
		add_value(&l, request);
	}
	for (; fields->key; fields++) {
		add_char(&l, ' ');
		add_text(&l, fields->key);
		add_char(&l, '=');
		if (fields->text) {
			add_value(&l, fields->text);
		} else {
			snprintf(number, sizeof(number), "%lld", fields->number);
			add_text(&l, number);
		}
	}
	l.at[l.len++] = '\n';
	if (write(STDERR_FILENO, l.at, l.len) < 0)
		return; /* nowhere left to say it */
}
