/* SPDX-License-Identifier: Apache-2.0 */
/* One logfmt line per event, to stderr (which systemd hands to the journal). No secret, no raw evidence. */
#ifndef ASSAY_LOG_H
#define ASSAY_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
	const char *key;  /* a literal; NULL ends the list          */
	const char *text; /* hostile text is quoted and escaped     */
	long long number; /* used when @text is NULL                */
};

static inline struct log_field log_text(const char *key, const char *text)
{
	return (struct log_field){ key, text ? text : "", 0 };
}
#define LOG_T(k, v) log_text((k), (v))
#define LOG_N(k, v) ((struct log_field){ (k), NULL, (long long)(v) })
/** log_event - log_event(LOG_LEVEL_INFO, "attested", LOG_T("host", name), LOG_N("devices", n)) */
#define log_event(level, event, ...)                                                               \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

void log_write(enum log_level level, const char *event, const struct log_field *fields);
/** log_request - events of this thread carry request=@id from now on; "" ends it. */
void log_request(const char *id);
/** log_set_level - drop events below @level. Starts at INFO. */
void log_set_level(enum log_level level);

#endif
