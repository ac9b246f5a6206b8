/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server is made of, in a folder of its own, each artefact where it can be put away by itself: database/ is of no
 * use without keys/ and kek/, and floor/ is what an older database is told by. SPEC: RULES 7, 13, 27
 */
#ifndef ASSAY_SERVER_BACKUP_H
#define ASSAY_SERVER_BACKUP_H

#include "settings.h"

/**
 * backup_make - into @folder, which is made. A server may run meanwhile: the database is copied as of one moment.
 * A KEK in a token is not in it. Return: E_CONFLICT when @folder exists.
 */
int backup_make(const struct settings *s, const char *folder, long long *seq, struct err *e);
/**
 * backup_restore - into the state folder of @s, which has nothing yet but, maybe, an audit floor: that one is kept.
 * No nonce made before is honoured afterwards.
 * Return: E_CONFLICT when something is there already, or, with all restored, when the floor knows later records than the
 * backup: backup_accept(). E_FORMAT for a backup that is not as it was made.
 */
int backup_restore(const struct settings *s, const char *folder, struct err *e);
/**
 * backup_accept - go on with a database that ends at record @seq, whatever the floor says: an operator has decided that,
 * and the log says so. Return: E_USAGE when it does not end there; E_CONFLICT while a server runs.
 */
int backup_accept(const struct settings *s, long long seq, struct err *e);

#endif
