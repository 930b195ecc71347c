/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMU groups as a picture, in the language of Graphviz: what is connected to what, from left
 * to right, with a box around each group that has something to give away. All is printed in the
 * order of the addresses, so that two pictures of one host are the same.
 */
#include "groups.h"

#include <ctype.h>

#define NAME_MAX_COLUMNS 34

/* What becomes of a function, and its colour; in the order of the legend. */
enum role { FREE, HOST, HIDDEN, UNKNOWN, BRIDGE };

static const struct {
	const char *color, *text;
} roles[] = {
	[FREE] = { "#e6f4e6", "nothing on the host uses it" },
	[HOST] = { "#ffd8c9", "the host uses it" },
	[HIDDEN] = { "#d3e5fb", "hidden from the host, or in a guest" },
	[UNKNOWN] = { "#eeeeee", "could not be looked at" },
	[BRIDGE] = { "#ffffff", "port or bridge, stays with the host" },
};

/* A box is drawn around what goes to a guest together; there may be more than one in it. */
#define ALONE  "color=\"#9aa7b4\" style=\"rounded\""
#define SHARED "color=\"#c77700\" style=\"rounded,bold,dashed\""

static enum role role_of(const struct vfp_device *device, const char *use)
{
	if (vfp_device_is_bridge(device))
		return BRIDGE;
	if (vfp_device_get(device, VFP_NODE) || startswith(use, "guest "))
		return HIDDEN;
	if (streq(use, "unknown"))
		return UNKNOWN;
	return streq(use, "free") ? FREE : HOST;
}

/* -- words ----------------------------------------------------------------------------- */

/* Words from anywhere, at most @max characters, so that they end where the string does. */
static void put_text(const char *text, size_t max)
{
	_cleanup_free_ char *plain = escape(text);
	size_t column = 0;

	for (const char *c = nonnull(plain); *c; c++) {
		if (((unsigned char)*c & 0xc0) != 0x80 && column++ == max) {
			fputs("...", stdout);
			break;
		}
		if (*c == '"' || *c == '\\')
			putchar('\\');
		putchar(*c);
	}
}

/* Most hosts have but one domain. */
static const char *short_address(const char *address)
{
	return startswith(address, "0000:") ? address + strlen("0000:") : address;
}

static void put_label(const struct place *place, const char *use, enum role role)
{
	const char *driver = nonnull(vfp_device_get(place->device, VFP_DRIVER));
	const char *group = nonnull(vfp_device_get(place->device, VFP_GROUP));

	fputs(short_address(vfp_device_get(place->device, VFP_ADDRESS)), stdout);
	if (*driver && role != BRIDGE) {
		fputs("  ", stdout);
		put_text(driver, NAME_MAX_COLUMNS);
	}
	if (role == BRIDGE && *group && !group_is_shared(place->group))
		printf("  group %s", group);
	fputs("\\n", stdout);
	put_text(nonnull(vfp_device_get(place->device, VFP_NAME)), NAME_MAX_COLUMNS);
	if (role != BRIDGE && !streq(use, "free")) {
		fputs("\\n", stdout);
		put_text(use, NAME_MAX_COLUMNS);
	}
}

/* -- nodes and boxes ------------------------------------------------------------------- */

static void put_node(const struct place *place, const char *use, const char *indent)
{
	enum role role = role_of(place->device, use);

	printf("%s\"%s\" [label=\"", indent, vfp_device_get(place->device, VFP_ADDRESS));
	put_label(place, use, role);
	printf("\" fillcolor=\"%s\"%s]\n", roles[role].color,
	       role == BRIDGE ? " color=\"#9aa7b4\" fontcolor=\"#5a6774\"" : "");
}

static const char *use_of(const struct topology *topology, const struct place *place,
			  const char *const *uses)
{
	for (size_t i = 0; uses && i < topology->all.n; i++)
		if (topology->all.device[i] == place->device)
			return nonnull(uses[i]);
	return "unknown";
}

static void put_box_label(const struct group *group)
{
	const char *text = group->verdict == 0      ? "passable"
			 : group->verdict == -EPERM ? "not passable"
						    : "cannot be told";
	const char *color = group->verdict == 0      ? "#2e7d32"
			  : group->verdict == -EPERM ? "#b3261e"
						     : "#5a6774";

	if (group->number < 0)
		printf("label=\"no group: %s\"", text);
	else
		printf("label=\"group %d: %s\"", group->number, text);
	printf(" fontcolor=\"%s\"", color);
}

/* A bridge that is alone in its group says so itself. */
static bool has_box(const struct group *group)
{
	return group->n_going && (group_is_shared(group) ||
				  !vfp_device_is_bridge(group->members.device[0]));
}

static void put_box(const struct topology *topology, size_t first,
		    const char *const *uses)
{
	const struct group *group = topology->places[first].group;

	printf("\n\tsubgraph \"cluster %s\" {\n\t\t",
	       vfp_device_get(topology->places[first].device, VFP_ADDRESS));
	put_box_label(group);
	printf(" %s\n", group_is_shared(group) ? SHARED : ALONE);
	for (size_t i = first; i < topology->n; i++)
		if (topology->places[i].group == group)
			put_node(&topology->places[i],
				 use_of(topology, &topology->places[i], uses), "\t\t");
	printf("\t}\n");
}

static bool is_first(const struct topology *topology, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (topology->places[i].group == topology->places[n].group)
			return false;
	return true;
}

static void put_places(const struct topology *topology, const char *const *uses)
{
	for (size_t i = 0; i < topology->n; i++) {
		const struct place *place = &topology->places[i];

		if (!has_box(place->group))
			put_node(place, use_of(topology, place, uses), "\t");
		else if (is_first(topology, i))
			put_box(topology, i, uses);
	}
}

/* -- what is connected ----------------------------------------------------------------- */

/* "0000:00": the bus that @place is on. */
static int bus_length(const struct place *place)
{
	const char *address = vfp_device_get(place->device, VFP_ADDRESS);

	return (int)(strrchr(address, ':') - address);
}

static void put_edges(const struct topology *topology)
{
	putchar('\n');
	for (size_t i = 0; i < topology->n; i++) {
		const struct place *place = &topology->places[i];
		const char *address = vfp_device_get(place->device, VFP_ADDRESS);

		if (place->parent < 0)
			printf("\t\"bus %.*s\" -> \"%s\"\n", bus_length(place), address,
			       address);
		else
			printf("\t\"%s\" -> \"%s\"\n",
			       vfp_device_get(topology->places[place->parent].device,
					      VFP_ADDRESS),
			       address);
	}
}

static void put_roots(const struct topology *topology)
{
	const char *last = NULL;
	int length = 0;

	for (size_t i = 0; i < topology->n; i++) {
		const struct place *place = &topology->places[i];
		const char *address = vfp_device_get(place->device, VFP_ADDRESS);

		if (place->parent >= 0 || (last && length == bus_length(place) &&
					   strncmp(last, address, (size_t)length) == 0))
			continue;
		last = address;
		length = bus_length(place);
		printf("\t\"bus %.*s\" [label=\"bus %.*s\" shape=plain style=\"\"]\n",
		       length, address, length, address);
	}
}

/* -- the picture ----------------------------------------------------------------------- */

static void put_legend(void)
{
	printf("\n\tlegend [shape=plain style=\"\" label=<<table border=\"0\" "
	       "cellspacing=\"4\">\n");
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		printf("\t\t<tr><td border=\"1\" color=\"#9aa7b4\" bgcolor=\"%s\" "
		       "width=\"24\"></td><td align=\"left\">%s</td></tr>\n",
		       roles[i].color, roles[i].text);
	printf("\t\t<tr><td border=\"1\" style=\"rounded\" color=\"#9aa7b4\"></td>"
	       "<td align=\"left\">group of one: isolated</td></tr>\n"
	       "\t\t<tr><td border=\"2\" style=\"dashed\" color=\"#c77700\"></td>"
	       "<td align=\"left\">group of several: they go to a guest "
	       "together</td></tr>\n"
	       "\t</table>>]\n");
}

int print_dot(const struct topology *topology, const char *const *uses)
{
	printf("digraph groups {\n"
	       "\tgraph [rankdir=LR ranksep=0.4 nodesep=0.12 fontsize=10 labeljust=l "
	       "fontname=\"Helvetica,Arial,sans-serif\"]\n"
	       "\tnode [shape=box style=\"rounded,filled\" fillcolor=white fontsize=10 "
	       "height=0.3 margin=\"0.12,0.05\" "
	       "fontname=\"Helvetica,Arial,sans-serif\"]\n"
	       "\tedge [arrowhead=none headport=w tailport=e color=\"#9aa7b4\"]\n\n");
	put_roots(topology);
	put_places(topology, uses);
	put_edges(topology);
	put_legend();
	printf("}\n");
	return 0;
}
