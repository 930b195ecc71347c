/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI addresses as text: domain:bus:slot.function, in hexadecimal. A domain may have more than
 * four digits (those behind Intel's VMD begin at 10000).
 */
#include "model/model.h"

#define DOMAIN_MAX   0xffffffffu
#define BUS_MAX      0xff
#define SLOT_MAX     0x1f
#define FUNCTION_MAX 7

/* The part of @text up to @n characters as a hexadecimal number. */
static int parse_part(const char *text, size_t n, size_t most, uint64_t max,
		      uint64_t *ret)
{
	char part[9];

	if (n == 0 || n > most)
		return -EINVAL;
	memcpy(part, text, n);
	part[n] = '\0';
	return parse_number(part, 16, max, ret);
}

/* What follows the slot: ".0", ".*", or nothing. */
static int parse_function(const char *text, struct address *address)
{
	address->any_function = !*text || streq(text, ".*");
	if (address->any_function)
		return 0;
	if (text[0] != '.' || text[1] < '0' || text[1] > '0' + FUNCTION_MAX || text[2])
		return -EINVAL;
	address->function = (uint8_t)(text[1] - '0');
	return 0;
}

int address_parse(const char *text, struct address *ret_address)
{
	struct address address = { 0 };
	const char *first = strchr(text, ':'), *second, *slot;
	uint64_t domain = 0, bus, number;
	size_t n;
	int r;

	if (!first)
		return -EINVAL;
	second = strchr(first + 1, ':');
	if (second &&
	    parse_part(text, (size_t)(first - text), 8, DOMAIN_MAX, &domain) < 0)
		return -EINVAL;
	if (second) {
		text = first + 1;
		first = second;
	}
	slot = first + 1;
	n = strcspn(slot, ".");
	r = parse_part(text, (size_t)(first - text), 2, BUS_MAX, &bus);
	r = r ?: parse_part(slot, n, 2, SLOT_MAX, &number);
	r = r ?: parse_function(slot + n, &address);
	if (r < 0)
		return r;
	address.domain = (uint32_t)domain;
	address.bus = (uint8_t)bus;
	address.slot = (uint8_t)number;
	*ret_address = address;
	return 0;
}

void address_format(const struct address *address, char text[ADDRESS_MAX])
{
	snprintf(text, ADDRESS_MAX, "%04x:%02x:%02x.%x", address->domain, address->bus,
		 address->slot, address->function & 7u);
}

bool address_is_full(const char *text)
{
	char full[ADDRESS_MAX];
	struct address address;

	if (address_parse(text, &address) < 0 || address.any_function)
		return false;
	address_format(&address, full);
	return streq(text, full);
}

static uint64_t address_number(const char *text)
{
	struct address a = { 0 };

	if (address_parse(text, &a) < 0)
		return UINT64_MAX;
	return (uint64_t)a.domain << 16 | (uint64_t)a.bus << 8 | (uint64_t)a.slot << 3 |
	       a.function;
}

int address_compare(const char *a, const char *b)
{
	uint64_t m = address_number(a), n = address_number(b);

	return m < n ? -1 : m > n;
}

size_t path_function(const char *place, char address[ADDRESS_MAX])
{
	size_t found = 0;

	for (const char *part = place; *part;) {
		size_t len = strcspn(part, "/");
		char name[ADDRESS_MAX];

		snprintf(name, sizeof(name), "%.*s", (int)len, part);
		if (len < sizeof(name) && address_is_full(name)) {
			strcpy(address, name);
			found = (size_t)(part - place) + len;
		}
		part += len + (part[len] == '/');
	}
	return found;
}
