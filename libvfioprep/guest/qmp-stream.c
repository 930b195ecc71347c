/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the bytes that a monitor sends to its messages. A message has a largest size and
 * depth, so that neither is anything without an end kept, nor the parser led too deep.
 *
 * Messages are told apart by their brackets, so that a monitor which prints them over
 * several lines (pretty=on) is read as well.
 */
#include "guest/qmp.h"

#define MESSAGE_MAX (8 << 20)
#define DEPTH_MAX   1024 /* query-pci on 256 buses, one behind the other: 3 each */

/* One byte more of the message; true when it was the last one. */
static bool scan_byte(struct stream *stream, char c)
{
	if (stream->string) {
		if (stream->escaped)
			stream->escaped = false;
		else if (c == '\\')
			stream->escaped = true;
		else if (c == '"')
			stream->string = false;
		return false;
	}
	if (c == '"')
		stream->string = true;
	else if (c == '{' || c == '[')
		stream->depth++;
	else if (c == '}' || c == ']')
		return --stream->depth == 0;
	return false;
}

static void drop_bytes(struct stream *stream, size_t n)
{
	struct str text = stream->text;

	text.len -= n;
	memmove(text.s, text.s + n, text.len + 1);
	*stream = (struct stream){ .text = text };
}

/* What has arrived may begin in the blanks between two messages. */
static void skip_blanks(struct stream *stream)
{
	size_t n = stream->text.len ? strspn(stream->text.s, " \t\r\n") : 0;

	if (n)
		drop_bytes(stream, n);
}

/* The length of the message that has arrived as a whole; 0: not yet. */
static size_t scan(struct stream *stream, const char **ret_wrong)
{
	if (stream->at == 0)
		skip_blanks(stream);
	if (stream->text.len && *stream->text.s != '{') {
		*ret_wrong = "something else than a JSON object";
		return 0;
	}
	while (stream->at < stream->text.len) {
		if (scan_byte(stream, stream->text.s[stream->at++]))
			return stream->at;
		if (stream->depth > DEPTH_MAX) {
			*ret_wrong = "a message that is nested too deep";
			return 0;
		}
	}
	if (stream->text.len >= MESSAGE_MAX)
		*ret_wrong = "a message of more than 8 MiB";
	return 0;
}

int stream_next(struct stream *stream, json_t **ret_message, size_t *ret_size,
		const char **ret_wrong)
{
	size_t length = scan(stream, ret_wrong);

	*ret_message = NULL;
	if (!length)
		return *ret_wrong ? -EPROTO : 0;
	*ret_message = json_loadb(stream->text.s, length, JSON_REJECT_DUPLICATES, NULL);
	if (!*ret_message) {
		*ret_wrong = "a message that is no valid JSON";
		return -EPROTO;
	}
	*ret_size = length;
	drop_bytes(stream, length);
	return 0;
}
