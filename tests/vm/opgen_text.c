// SPDX-License-Identifier: MIT
/* What scripts write.  Bytes that oprun must not split or print are escaped. */
#include "opgen.h"

#include <ctype.h>
#include <string.h>

#include "util.h"

#define APPEND(buf, len, ...) \
	((len) += (size_t)snprintf((buf) + (len), TEXT_SIZE - (len), __VA_ARGS__))

/* Pools are small, so that operations meet. */
unsigned text_apid(struct gen *g)
{
	static const unsigned others[] = { 0, 9, 16, 63, 64, 255 };

	if (gen_chance(g, 85))
		return g->card[gen_below(g, g->n_cards)].id;
	return GEN_PICK(g, others);
}

unsigned text_apqi(struct gen *g)
{
	static const unsigned others[] = { 0, 5, 0x10, 0x54, 0x55, 255 };

	if (gen_chance(g, 85))
		return g->domain[gen_below(g, g->n_domains)];
	return GEN_PICK(g, others);
}

const char *text_queue(struct gen *g, char *buf, unsigned *ret_apid)
{
	unsigned apid = text_apid(g);

	if (ret_apid)
		*ret_apid = apid;
	snprintf(buf, TEXT_SIZE, "%02x.%04x", apid, text_apqi(g));
	return buf;
}

static const char *const hostile_numbers[] = {
	"\\e",
	"\\n",
	"\\x20%u",
	"%u\\x20",
	"%u\\n\\n",
	"%u\\x0d\\n",
	"-%u",
	"++%u",
	"+",
	"-",
	"0x",
	"0X",
	"abc",
	"%ux",
	"%u,6",
	"1e1",
	"0b11",
	"256",
	"0x100",
	"300",
	"65536",
	"4294967296",
	"18446744073709551615",
	"18446744073709551616",
	"18446744073709551616x",
	"99999999999999999999999",
	"0x10000000000000000",
	"%u\\x00junk",
	"\\x00%u",
	"08",
	"09\\n",
	"0x%xg",
	"\\x09%u",
	"%u.",
	"\\xff%u",
	"+0x",
	"+-1",
	"0x-1",
	"-0",
	"0x00000000000000000000%x",
};

const char *text_number(struct gen *g, char *buf, unsigned id)
{
	static const char *const good[] = {
		"%u",  "%u",  "%u\\n", "0x%x",	    "0x%x\\n", "0X%X",
		"0%o", "+%u", "+0x%x", "0x%04x\\n", "000%o",   "0x%02X",
	};
	const char *fmt = gen_chance(g, 88) ? GEN_PICK(g, good) : GEN_PICK(g, hostile_numbers);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(buf, TEXT_SIZE, fmt, id);
#pragma GCC diagnostic pop
	return buf;
}

/* ---- masks -------------------------------------------------------------------------- */

static void hex_set(char *digits, unsigned id, bool value)
{
	static const char hex[] = "0123456789abcdef";
	unsigned digit = (unsigned)(strchr(hex, digits[id / 4]) - hex);

	if (value)
		digit |= 8U >> id % 4;
	else
		digit &= ~(8U >> id % 4);
	digits[id / 4] = hex[digit];
}

/* All ones or zeros but a few, in one of the ways to write a field. */
static size_t absolute(struct gen *g, char *buf, size_t len, bool domains, bool ones)
{
	char digits[65];
	unsigned changes = gen_below(g, 4) + (gen_chance(g, 80) ? 0 : 3);
	int width = 64;

	memset(digits, ones ? 'f' : '0', 64);
	digits[64] = '\0';
	while (changes--)
		hex_set(digits, domains ? text_apqi(g) : text_apid(g), !ones);
	if (gen_chance(g, 30)) {
		while (width > 0 && digits[width - 1] == '0')
			width--;
	}
	for (char *p = digits; gen_chance(g, 10) && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	APPEND(buf, len, "%s%.*s",
	       gen_chance(g, 70)   ? "0x"
	       : gen_chance(g, 20) ? "x"
				   : "",
	       width, digits);
	return len;
}

static size_t term(struct gen *g, char *buf, size_t len, bool domains)
{
	static const char *const formats[] = { "%c%u", "%c%u", "%c0x%x", "%c0X%X", "%c0%o" };
	unsigned id = domains ? text_apqi(g) : text_apid(g);
	char sign = gen_chance(g, 50) ? '+' : '-';

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	APPEND(buf, len, GEN_PICK(g, formats), sign, id);
#pragma GCC diagnostic pop
	if (gen_chance(g, 20))
		APPEND(buf, len, gen_chance(g, 70) ? "-%u" : "-0x%x",
		       id + gen_below(g, gen_chance(g, 90) && id < 250 ? 256 - id : 300));
	return len;
}

static const char *relative(struct gen *g, char *buf, bool domains)
{
	static const char *const separators[] = { ",", ",", ",", ",", "\\n", "", ",,", ",\\n" };
	unsigned terms = 1 + (gen_chance(g, 60) ? 0 : gen_below(g, 4));
	size_t len = 0;

	while (terms--) {
		len = term(g, buf, len, domains);
		if (terms)
			APPEND(buf, len, "%s", GEN_PICK(g, separators));
	}
	if (gen_chance(g, 30))
		APPEND(buf, len, "\\n");
	return buf;
}

static const char *const hostile_masks[] = {
	"\\e",
	"\\n",
	"0",
	"0x",
	"x",
	"1",
	"8",
	"0x41",
	"x41\\n",
	"0xffff",
	"0X80",
	"0xx41",
	"0xf\\n\\n",
	"0xf\\x20",
	"\\x200xf",
	"0x0g",
	"5,6",
	",+5",
	"+5;+6",
	"+",
	"-",
	"+\\x205",
	"+256",
	"+0x100",
	"+5-",
	"+5--7",
	"+7-5",
	"+08",
	"+0x",
	"+0xg",
	"+5+6",
	"+5,,+6",
	"-7-10",
	"+5-7-9",
	"-0x0-0x1f,+0x10",
	"+1,-1",
	"+010",
	"+18446744073709551616",
	"+0x10000000000000005",
	"-4294967301",
	"+5-18446744073709551621",
	"\\x00",
	"+5\\x00junk",
	"0xff\\x00junk",
	"-0-255",
	"+0-255",
	"+0-0xff",
	"+5,",
	"-5,\\n\\n",
	"0xFFFF\\n",
	"\\x09+5",
	"+5\\x0d\\n",
	"5",
	"+5,6",
	"+5,+300",
	"all",
	"0xffff,0xffff",
	"+1-255-0",
	"+0-0",
};

const char *text_mask(struct gen *g, char *buf, bool domains)
{
	unsigned kind = gen_below(g, 100);
	size_t len = 0;

	if (kind < 55)
		return relative(g, buf, domains);
	if (kind < 65)
		return gen_chance(g, 60) ? "+0-255" : "-0-255";
	if (kind < 90) {
		len = absolute(g, buf, len, domains, gen_chance(g, 65));
		if (gen_chance(g, 50))
			APPEND(buf, len, "\\n");
		if (gen_chance(g, 3))
			APPEND(buf, len, "f");
		return buf;
	}
	return GEN_PICK(g, hostile_masks);
}

/* ---- ap_config ---------------------------------------------------------------------------- */

static const char *const hostile_configs[] = {
	"\\e",
	"\\n",
	",",
	",,",
	",,\\n",
	"\\n\\n\\n",
	"0x04,0x08,0x01",
	"04,08,01\\n",
	"0x04,0x08\\n",
	"0x04,0x08",
	"0x04\\n0x08\\n0x01",
	"0x04,0x08,0x01,junk",
	"0x04,0x08,0x01\\njunk",
	"0x04,\\x200x08,0x01",
	"0X04,0,0",
	"+5,+4,+7",
	",,x",
	"x,x,x",
	"0x,0x,0x",
	"0x04,0x08,0x01\\x00junk",
	"0x04,0x08\\x00,0x01",
	"0,0,0\\n\\n",
	"f,",
	"f,,",
	"0x04,,",
	",0x08,",
	"0x0g,,",
	"0xff,0xff,0xffg",
};

const char *text_config(struct gen *g, char *buf)
{
	size_t len = 0;

	if (gen_chance(g, 15))
		return GEN_PICK(g, hostile_configs);
	for (unsigned field = 0; field < 3; field++) {
		len = absolute(g, buf, len, field > 0, !field && !g->overflows && gen_chance(g, 2));
		if (field < 2 || gen_chance(g, 70))
			APPEND(buf, len, "%s", field == 2 || gen_chance(g, 3) ? "\\n" : ",");
	}
	if (gen_chance(g, 3))
		APPEND(buf, len, "tail");
	return buf;
}

/* ---- UUIDs ---------------------------------------------------------------------------------- */

const char *text_uuid(struct gen *g, char *buf)
{
	static const char *const ends[] = { "", "\\n", "\\n", "X", "\\x00", "\\x0d\\n", "\\n\\n" };
	static const char *const hostile[] = {
		"62177883-f1bb-47f0-914d-32a22e3a880",
		"{62177883-f1bb-47f0-914d-32a22e3a8804}",
		"62177883f1bb47f0914d32a22e3a8804",
		"62177883-f1bb-47f0-914d-32a22e3a880g",
		"\\e",
		"\\n",
		"\\x2062177883-f1bb-47f0-914d-32a22e3a8804",
		"62177883_f1bb-47f0-914d-32a22e3a8804",
		"urn:uuid:62177883",
		"62177883-f1bb-47f0-914d-32a22e3a8804,instances=1",
	};
	size_t len = 0;

	if (gen_chance(g, 8))
		return GEN_PICK(g, hostile);
	APPEND(buf, len, "%s", g->uuid[gen_below(g, GEN_UUIDS)]);
	for (char *p = buf; gen_chance(g, 15) && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	APPEND(buf, len, "%s", gen_chance(g, 85) ? ends[gen_below(g, 3)] : GEN_PICK(g, ends));
	return buf;
}
