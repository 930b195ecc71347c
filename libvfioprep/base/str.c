/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings: building, numbers as people write them, and making foreign text harmless for a
 * terminal or a log.
 */
#include "base/base.h"

#include <ctype.h>

bool startswith(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool endswith(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && streq(s + n - m, suffix);
}

char *vstrf(const char *format, va_list args)
{
	char *s = NULL;

	return vasprintf(&s, format, args) < 0 ? NULL : s;
}

char *strf(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = vstrf(format, args);
	va_end(args);
	return s;
}

int say_why(char **why, int error, const char *format, ...)
{
	va_list args;
	char *sentence;

	if (!why)
		return error;
	va_start(args, format);
	sentence = vstrf(format, args);
	va_end(args);
	free(*why);
	*why = sentence;
	return sentence ? error : -ENOMEM;
}

char *chomp(char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int parse_number(const char *s, int base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int d = digit(*s);

		if (d >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)d, &value) || value > max)
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

int parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGT";
	size_t n = strspn(s, "0123456789");
	char whole[24] = "";
	uint64_t value;
	const char *unit = NULL;
	unsigned int shift = 0;

	if (n >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, s, n);
	if (s[n]) {
		unit = strchr(units, toupper((unsigned char)s[n]));
		if (!unit || (s[n + 1] && !streq(s + n + 1, "iB")))
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	/* Far from what would overflow when something is added. */
	if (parse_number(whole, 10, (1ULL << 60) >> shift, &value) < 0)
		return -EINVAL;
	*ret = value << shift;
	return 0;
}

int parse_seconds(const char *s, int64_t *ret_msec)
{
	char whole[16] = "", *dot;
	uint64_t seconds, msec = 0, scale = 100;

	if (strlen(s) >= sizeof(whole))
		return -EINVAL;
	strcpy(whole, s);
	dot = strchr(whole, '.');
	if (dot)
		*dot++ = '\0';
	if (parse_number(whole, 10, 366 * 86400, &seconds) < 0 || (dot && !*dot))
		return -EINVAL;
	for (; dot && *dot; dot++, scale /= 10) {
		if (*dot < '0' || *dot > '9')
			return -EINVAL;
		msec += (uint64_t)(*dot - '0') * scale;
	}
	*ret_msec = (int64_t)(seconds * 1000 + msec);
	return 0;
}

/* The length of the valid UTF-8 sequence at @s; 0 when there is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t c = n == 1 ? s[0] : s[0] & (0xff >> (n + 1));
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (s[0] >= 0xf8 || (s[0] >= 0x80 && s[0] < 0xc2))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return n;
}

/* C0, DEL, C1, and the marks that reorder what follows on a terminal. */
static bool is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return n == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && (s[2] >= 0xa8 || s[2] == 0x8e || s[2] == 0x8f)) ||
		(s[1] == 0x81 && s[2] >= 0xa6));
}

char *escape(const char *s)
{
	_cleanup_str_ struct str out = { 0 };
	const unsigned char *p = (const unsigned char *)s;

	if (str_add(&out, "%s", "") < 0)
		return NULL;
	while (*p) {
		size_t n = utf8_length(p);
		int r;

		if (n && !is_control(p, n)) {
			r = str_add_bytes(&out, p, n);
		} else {
			n = n ? n : 1;
			for (r = 0; r == 0 && n > 1; n--)
				r = str_add(&out, "\\x%02x", *p++);
			r = r ?: str_add(&out, "\\x%02x", *p);
		}
		if (r < 0)
			return NULL;
		p += n;
	}
	return take(out.s);
}

int str_add_bytes(struct str *str, const void *bytes, size_t n)
{
	if (str->len + n + 1 > str->room) {
		size_t room = (str->len + n + 1) * 2;
		char *s = realloc(str->s, room);

		if (!s)
			return -ENOMEM;
		str->s = s;
		str->room = room;
	}
	memcpy(str->s + str->len, bytes, n);
	str->len += n;
	str->s[str->len] = '\0';
	return 0;
}

int str_add(struct str *str, const char *format, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list args;

	va_start(args, format);
	s = vstrf(format, args);
	va_end(args);
	return s ? str_add_bytes(str, s, strlen(s)) : -ENOMEM;
}
