// SPDX-License-Identifier: MIT
/*
 * The machines that apsim has built in.  They are LPAR files like any other, so
 * that each can serve as the start of one's own.
 */
#include "lpars.h"

#include <string.h>

#include "util.h"

/* The example of the kernel's documentation, Documentation/arch/s390/vfio-ap.rst. */
static const char docs[] =
	"{\"format\":1,\"cards\":["
	"{\"id\":4,\"type\":\"CEX5C\",\"serial\":\"93AADFK4\"},"
	"{\"id\":5,\"type\":\"CEX5C\",\"serial\":\"93AADFK5\"},"
	"{\"id\":6,\"type\":\"CEX5A\"}],"
	"\"usage_domains\":\"4,0x47,0xab,0xff\",\"control_domains\":\"4,0x47,0xab,0xff\"}";

/*
 * A z16 with three crypto drawers in one LPAR: CCA and EP11 coprocessors and
 * accelerators of the generations that it can carry, domains of several guests,
 * control domains that nobody uses, and cards that do not work.
 */
static const char z16[] = "{\"format\":1,\"cards\":["
			  "{\"id\":0,\"type\":\"CEX8C\",\"serial\":\"93AABC00\"},"
			  "{\"id\":1,\"type\":\"CEX8C\",\"serial\":\"93AABC01\"},"
			  "{\"id\":2,\"type\":\"CEX8P\",\"serial\":\"93AABC02\"},"
			  "{\"id\":3,\"type\":\"CEX8P\",\"serial\":\"93AABC03\"},"
			  "{\"id\":4,\"type\":\"CEX8A\"},"
			  "{\"id\":5,\"type\":\"CEX8A\"},"
			  "{\"id\":8,\"type\":\"CEX7C\",\"serial\":\"93AABC08\"},"
			  "{\"id\":9,\"type\":\"CEX7C\",\"serial\":\"93AABC09\",\"config\":false},"
			  "{\"id\":10,\"type\":\"CEX7P\",\"serial\":\"93AABC0A\"},"
			  "{\"id\":11,\"type\":\"CEX7P\",\"serial\":\"93AABC0B\",\"chkstop\":true},"
			  "{\"id\":12,\"type\":\"CEX7A\"},"
			  "{\"id\":13,\"type\":\"CEX7A\",\"config\":false},"
			  "{\"id\":16,\"type\":\"CEX6C\",\"serial\":\"93AABC10\"},"
			  "{\"id\":17,\"type\":\"CEX6C\",\"serial\":\"93AABC11\"},"
			  "{\"id\":18,\"type\":\"CEX6P\",\"serial\":\"93AABC12\",\"config\":false},"
			  "{\"id\":19,\"type\":\"CEX6A\",\"chkstop\":true},"
			  "{\"id\":36,\"type\":\"CEX8C\",\"serial\":\"93AABC24\"},"
			  "{\"id\":37,\"type\":\"CEX8P\",\"serial\":\"93AABC25\"}],"
			  "\"usage_domains\":\"0-0xb,0x1b,0x2a,0x30-0x37,0x54\","
			  "\"control_domains\":\"0-0xf,0x1b,0x2a,0x30-0x3f,0x54\","
			  "\"max_adapter\":63,\"max_domain\":84}";

/* A machine with AP instructions and no card at all. */
static const char empty[] = "{\"format\":1}";

/* Everything that the architecture can number: 256 cards of 256 queues. */
static const char max[] = "{\"format\":1,\"cards\":[{\"id\":\"all\",\"type\":\"CEX8C\"}],"
			  "\"usage_domains\":\"all\",\"control_domains\":\"all\"}";

static const struct {
	const char *name;
	const char *json;
} lpars[] = {
	{ .name = "docs", .json = docs },
	{ .name = "z16", .json = z16 },
	{ .name = "empty", .json = empty },
	{ .name = "max", .json = max },
};

const char *lpars_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(lpars); i++) {
		if (strcmp(lpars[i].name, name) == 0)
			return lpars[i].json;
	}
	return NULL;
}
