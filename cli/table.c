// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "cli.h"

enum { RING = 8, PADDED_MAX = CLI_SAFE_MAX + 256 };

/* A character of a text that is UTF-8, and how many bytes it has. */
static size_t character(const char *text, wchar_t *c)
{
	const unsigned char *u = (const unsigned char *)text;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;

	*c = n == 1 ? u[0] : u[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (u[i] >> 6 != 2)
			return i;
		*c = *c << 6 | (u[i] & 0x3f);
	}
	return n;
}

/* What is wide is the same in every language: the table of C.UTF-8 is asked, whatever the terminal's locale. */
static locale_t utf8(void)
{
	static locale_t made;

	if (!made)
		made = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return made;
}

/* Bytes of @text that fit into @max cells; *@cells: how many they take. */
static size_t fit(const char *text, size_t max, size_t *cells)
{
	locale_t mine = utf8(), before = uselocale(mine); /* without one it stays as it is */
	size_t used = 0;

	*cells = 0;
	while (text[used]) {
		wchar_t c;
		size_t n = character(text + used, &c);
		int wide = mine ? wcwidth(c) : 1;

		wide = wide < 0 ? 1 : wide; /* newer than the table: most are one */
		if (*cells + (size_t)wide > max)
			break;
		*cells += (size_t)wide;
		used += n;
	}
	uselocale(before);
	return used;
}

size_t text_cells(const char *text)
{
	size_t cells;

	fit(text, SIZE_MAX, &cells);
	return cells;
}

const char *text_padded(const char *text, size_t cells)
{
	static char ring[RING][PADDED_MAX];
	static unsigned int at;
	char *out = ring[at++ % RING];
	const char *safe = cli_safe(text);
	size_t has = text_cells(safe);
	size_t blanks = has < cells ? cells - has : 0;

	snprintf(out, PADDED_MAX, "%s%*s", safe, (int)(blanks < 256 ? blanks : 256), "");
	return out;
}

const char *joined_text(const json_t *list, const char *between, const char *none, char *out,
			size_t size)
{
	const json_t *one;
	size_t i, used = 0;

	snprintf(out, size, "%s", none);
	json_array_foreach(list, i, one)
	{
		int n = snprintf(out + used, size - used, "%s%s", i ? between : "",
				 cli_safe(json_string_value(one)));

		if (n < 0 || (size_t)n >= size - used) {
			snprintf(out + (used < size - 4 ? used : size - 4), 4, "...");
			break;
		}
		used += (size_t)n;
	}
	return out;
}

const char *number_text(long long n)
{
	static char ring[RING][24];
	static unsigned int at;
	char *out = ring[at++ % RING];

	snprintf(out, sizeof(ring[0]), "%lld", n);
	return out;
}

/* ---- for people ---- */
const char *tier_text(const char *status, int width)
{
	static const struct {
		const char *status, *colour;
	} rows[] = { { "affirming", "\x1b[32m" },
		     { "warning", "\x1b[33m" },
		     { "contraindicated", "\x1b[31m" },
		     { "stale", "\x1b[35m" },
		     { "never", "\x1b[2m" },
		     { "revoked", "\x1b[2m" } };
	static char ring[RING][64];
	static unsigned int at;
	char *out = ring[at++ % RING];
	const char *no = getenv("NO_COLOR");

	snprintf(out, 64, "%-*.24s", width, status);
	for (size_t i = 0; isatty(STDOUT_FILENO) && !(no && *no) && i < ARRAY_LEN(rows); i++)
		if (!strcmp(status, rows[i].status))
			snprintf(out, 64, "%s%-*.24s\x1b[0m", rows[i].colour, width, status);
	return out;
}

const char *when_text(long long unix_s)
{
	static char ring[RING][32];
	static unsigned int at;
	char *out = ring[at++ % RING];
	time_t s = unix_s;
	struct tm tm;

	if (!unix_s || !gmtime_r(&s, &tm)) /* a year that no int holds */
		return "-";
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

const char *member_text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return cli_safe(s && *s ? s : "-");
}

long long member_number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* ---- the table ---- */
struct table table_of(const char *head)
{
	struct table t = { .n_columns = 1, .head = head, .rows = json_array() };

	for (const char *p = head; *p; p++)
		t.n_columns += *p == '|';
	return t;
}

/* A cell that is all of its column's: cut, and it shows. */
static json_t *cell(const char *text, bool last)
{
	static char buffer[CLI_SAFE_MAX]; /* the ring has texts of the cells behind this one */
	const char *safe = cli_safe_into(text && *text ? text : "-", buffer, sizeof(buffer));
	size_t cells, n = fit(safe, last ? SIZE_MAX : TABLE_CELL_MAX, &cells);

	if (!safe[n])
		return json_string(safe);
	n = fit(safe, TABLE_CELL_MAX - 3, &cells);
	return json_sprintf("%.*s...", (int)n, safe);
}

void table_row(struct table *t, ...)
{
	json_t *row = json_array();
	va_list args;

	va_start(args, t);
	for (size_t i = 0; i < t->n_columns; i++)
		json_array_append_new(row, cell(va_arg(args, const char *), i + 1 == t->n_columns));
	va_end(args);
	json_array_append_new(t->rows, row);
}

void table_note(struct table *t, const char *text)
{
	json_array_append_new(t->rows, json_string(cli_safe(text)));
}

struct column {
	char name[64];
	bool right, status;
	size_t cells;
};

static bool read_head(const char *head, struct column *columns, size_t n)
{
	bool named = false;

	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(head, "|");
		struct column *c = &columns[i];

		c->right = *head == '>';
		c->status = *head == '@';
		snprintf(c->name, sizeof(c->name), "%.*s", (int)(len - (c->right || c->status)),
			 head + (c->right || c->status));
		c->cells = strlen(c->name);
		named |= c->cells > 0;
		head += len + (head[len] == '|');
	}
	return named;
}

static void print_cell(const struct column *c, const char *text, bool last)
{
	size_t has = text_cells(text);
	int blanks = (int)(has < c->cells ? c->cells - has : 0);

	if (c->right)
		printf("%*s%s", blanks, "", text);
	else
		printf("%s%*s", c->status ? tier_text(text, 0) : text, last ? 0 : blanks, "");
	fputs(last ? "\n" : " ", stdout);
}

void table_print(struct table *t)
{
	struct column columns[TABLE_COLUMNS_MAX] = { 0 };
	size_t n = t->n_columns < TABLE_COLUMNS_MAX ? t->n_columns : TABLE_COLUMNS_MAX, i;
	bool named = read_head(t->head, columns, n);
	json_t *row;

	json_array_foreach(t->rows, i, row)
	{
		for (size_t k = 0; k < n && json_is_array(row); k++) {
			size_t has = text_cells(json_string_value(json_array_get(row, k)));

			columns[k].cells = has > columns[k].cells ? has : columns[k].cells;
		}
	}
	for (size_t k = 0; k < n && named; k++)
		print_cell(&(struct column){ .right = columns[k].right, .cells = columns[k].cells },
			   columns[k].name, k + 1 == n);
	json_array_foreach(t->rows, i, row)
	{
		if (json_is_string(row))
			puts(json_string_value(row));
		for (size_t k = 0; k < n && json_is_array(row); k++)
			print_cell(&columns[k], json_string_value(json_array_get(row, k)),
				   k + 1 == n);
	}
	json_decref(t->rows);
	*t = (struct table){ 0 };
}
