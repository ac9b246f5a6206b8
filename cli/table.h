/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people: columns as wide as what stands in them, counted in cells of a terminal. What stands in them is
 * cli_safe(), and cut at TABLE_CELL_MAX cells but in the last column; --json has all of it.
 */
#ifndef ASSAY_CLI_TABLE_H
#define ASSAY_CLI_TABLE_H

#include <jansson.h>
#include <stddef.h>

enum { TABLE_CELL_MAX = 80, TABLE_COLUMNS_MAX = 12 };

/** text_cells - cells that @text takes on a terminal; wide characters are two, combining ones none. */
size_t text_cells(const char *text);
/** text_padded - cli_safe(@text) and blanks up to @cells. A ring of buffers. */
const char *text_padded(const char *text, size_t cells);
/** joined_text - the texts of @list, cli_safe(), with @between; @none where there are none; "..." where they do not fit. Return: @out. */
const char *joined_text(const json_t *list, const char *between, const char *none, char *out,
			size_t size);
/** number_text - in a ring of buffers. */
const char *number_text(long long n);

/** tier_text - @status for a person, @width wide, on a terminal in its colour. A ring of buffers. */
const char *tier_text(const char *status, int width);
/** when_text - a time, "2027-01-31T00:00:00Z", or "-" for 0. A ring of buffers. */
const char *when_text(long long unix_s);
/** member_text - a text member of an answer, safe for a terminal; "-" where there is none or it is empty. */
const char *member_text(const json_t *j, const char *key);
long long member_number(const json_t *j, const char *key);

struct table {
	size_t n_columns;
	const char *head; /* borrowed */
	json_t *rows;	  /* arrays of cells; a string is a note under the row before it */
};

/**
 * table_of - @head: names of columns with | between; ">" before one: to the right; "@": statuses, which have colours. A
 * head without any name ("||") is not printed.
 */
struct table table_of(const char *head);
/** table_row - as many texts as there are columns; NULL and "" are "-". */
void table_row(struct table *t, ...);
/** table_note - a line under the row before, as it is but for cli_safe(). */
void table_note(struct table *t, const char *text);
/** table_print - to stdout; then nothing of it is left. */
void table_print(struct table *t);

#endif
