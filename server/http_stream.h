/* SPDX-License-Identifier: Apache-2.0 */
/* The connection's side of a stream, for http.c alone; what others do with one is in http.h. */
#ifndef ASSAY_SERVER_HTTP_STREAM_H
#define ASSAY_SERVER_HTTP_STREAM_H

struct http_stream;
struct MHD_Connection;
struct MHD_Response;

/** http_stream_response - what is put into @s, on @c as it comes; takes the connection's hold on @s. Return: NULL: no memory. */
struct MHD_Response *http_stream_response(struct http_stream *s, struct MHD_Connection *c);

#endif
