// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <dirent.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file.h"
#include "limits.h"

struct loading {
	const struct config_key *keys;
	size_t n_keys;
	void *into;
	struct err *e;
};

static int take_line(void *user, const char *section, const char *key, const char *value)
{
	struct loading *l = user;
	const char *argument = strchr(section, ' ');
	size_t len = argument ? (size_t)(argument - section) : strlen(section);

	if (l->e->code)
		return 0;
	argument = argument ? argument + strspn(argument, " ") : "";
	for (size_t i = 0; i < l->n_keys; i++) {
		const struct config_key *k = &l->keys[i];

		if (strlen(k->section) != len || strncmp(k->section, section, len) ||
		    strcmp(k->key, key))
			continue;
		if (!k->take(l->into, argument, value, l->e))
			return 1;
		err_while(l->e, "[%s] %s", section, key);
		return 0;
	}
	err_set(l->e, E_CONFIG, "[%s] %s: unknown key", section, key);
	return 0;
}

/*
 * What the library would take for something else than it looks like: a NUL ends the file for it, a
 * line that starts with white space is more of the value before it, a long line is two.
 */
static int check_lines(struct bytes text, const char *path, struct err *e)
{
	const char *why = NULL;
	size_t line = 1, column = 0;
	bool blank = true;

	for (size_t i = 0; i < text.len && !why; i++) {
		u8 c = text.at[i];

		if (c == '\n') {
			line++;
			column = 0;
			blank = true;
			continue;
		}
		if (!c)
			why = "a NUL byte";
		else if (++column > CONFIG_LINE_MAX)
			why = "longer than a line may be";
		else if (blank && column > 1 && c != ' ' && c != '\t' && c != '\r')
			why = "starts with white space";
		blank = blank && (c == ' ' || c == '\t' || c == '\r');
	}
	return why ? err_set(e, E_CONFIG, "%s line %zu: %s", path, line, why) : 0;
}

static int load_one(const char *path, struct loading *l)
{
	OWNED(buf) content = NULL;
	char *text;
	int line;

	if (file_read(path, CONFIG_FILE_MAX, &content, l->e))
		return (int)l->e->code;
	if (check_lines(buf_bytes(content), path, l->e))
		return (int)l->e->code;
	text = content->w.len ? strndup((const char *)content->w.at, content->w.len) : strdup("");
	if (!text)
		return err_set(l->e, E_MEMORY, "no memory for %s", path);
	l->e->code = E_OK;
	line = ini_parse_string(text, take_line, l);
	free(text);
	if (line < 0)
		return err_set(l->e, E_MEMORY, "no memory for %s", path);
	if (line && !l->e->code)
		err_set(l->e, E_CONFIG, "neither a [section] nor a key = value");
	if (line) {
		l->e->code = E_CONFIG;
		return err_while(l->e, "%s line %d", path, line);
	}
	return 0;
}

static int is_conf(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

int config_load(const char *path, const struct config_key *keys, size_t n_keys, void *into,
		struct err *e)
{
	struct loading l = { keys, n_keys, into, e };
	struct dirent **names = NULL;
	char folder[4096];
	int n;

	e->code = E_OK;
	if (load_one(path, &l)) {
		/* that it is missing is a mistake of who calls, and no answer to what was asked */
		if (e->code == E_NOTFOUND)
			e->code = E_CONFIG;
		return err_while(e, "configuration");
	}
	snprintf(folder, sizeof(folder), "%s.d", path);
	n = scandir(folder, &names, is_conf, alphasort);
	if (n < 0 && errno != ENOENT)
		return err_set(e, E_CONFIG, "configuration: drop-ins in %s: %s", folder,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		char full[4096 + 260];

		snprintf(full, sizeof(full), "%s/%s", folder, names[i]->d_name);
		if (!e->code)
			load_one(full, &l);
		free(names[i]);
	}
	free(names);
	return e->code ? err_while(e, "configuration") : 0;
}

int config_text(char *out, size_t size, const char *value, struct err *e)
{
	if (strlen(value) >= size)
		return err_set(e, E_CONFIG, "longer than %zu characters", size - 1);
	memcpy(out, value, strlen(value) + 1);
	return 0;
}

int config_bool(bool *out, const char *value, struct err *e)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!strcasecmp(value, words[i])) {
			*out = i & 1;
			return 0;
		}
	}
	return err_set(e, E_CONFIG, "yes or no expected, not \"%s\"", value);
}

int config_number(long long *out, long long min, long long max, const char *value, struct err *e)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (errno || end == value || *end || v < min || v > max)
		return err_set(e, E_CONFIG, "a number from %lld to %lld expected, not \"%s\"", min,
			       max, value);
	*out = v;
	return 0;
}

int config_duration(long long *out, const char *value, struct err *e)
{
	static const struct {
		const char *unit;
		long long seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (!errno && end != value && v >= 0 && v < 100000000)
		for (size_t i = 0; i < ARRAY_LEN(units); i++)
			if (!strcmp(end, units[i].unit)) {
				*out = v * units[i].seconds;
				return 0;
			}
	return err_set(e, E_CONFIG, "a duration like 30s, 5m or 2h expected, not \"%s\"", value);
}
