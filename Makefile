# vfioap: lend AP queues to KVM guests.  `make help` lists the targets.
#
#   V=1        show the commands          NO_DEPS=1  never install anything
#   SAN=1      ASan and UBSan             O=DIR      build somewhere else than build/
#   DESTDIR= PREFIX=/usr/local            CC=clang   another compiler

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
DESTDIR ?=
bindir := $(PREFIX)/bin
sbindir := $(PREFIX)/sbin
libdir := $(PREFIX)/lib
includedir := $(PREFIX)/include
mandir := $(PREFIX)/share/man
docdir := $(PREFIX)/share/doc/vfioap
bashcompdir := $(PREFIX)/share/bash-completion/completions

ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
PKG_CONFIG ?= pkg-config
O ?= $(if $(SAN),build/san,build)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- flags -------------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wundef -Wpointer-arith -Wformat=2 -Wvla -Werror
HARD := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(CFLAGS) $(WARN) -ffunction-sections -fdata-sections
ALL_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVFIOAP_VERSION='"$(VERSION)"' \
	-Iinclude -Isrc $(CPPFLAGS)
ALL_LDFLAGS := -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now $(LDFLAGS)
ifeq ($(SAN),1)
ALL_CFLAGS := $(filter-out -O2,$(ALL_CFLAGS)) -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
ALL_LDFLAGS += -fsanitize=address,undefined
else
ALL_CFLAGS += $(HARD)
endif

# Asked only when a recipe needs them, so that `make help` works anywhere.
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))

# ---- what is built from what ---------------------------------------------------

# The mask library; its objects are also in every program.
lib_SRCS := src/mask.c

# Everything the front ends share, a layer a line (doc in src/layers).
core_SRCS := src/mask.c src/err.c src/str.c src/qset.c \
	src/sysfs.c src/file.c src/lock.c \
	src/apbus.c src/config.c src/mdev.c src/procs.c src/udev.c \
	src/conflict.c src/plan.c src/pool.c src/snapshot.c src/wish.c \
	src/cmd.c src/out.c src/out_json.c

vfioap_SRCS := src/vfioap.c $(sort $(wildcard src/cmd_*.c)) src/list.c
vfioap_PKGS := popt json-c smartcols uuid
lsvfioap_SRCS := src/lsvfioap.c src/list.c
lsvfioap_PKGS := popt json-c smartcols uuid
apsim_SRCS := $(sort $(wildcard sim/*.c)) src/mask.c src/err.c src/str.c
apsim_PKGS := fuse3 json-c popt uuid

PROGRAMS := vfioap lsvfioap apsim
unit_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNITS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(unit_SRCS))

objs = $(patsubst %.c,$(O)/obj/%.o,$(1))

.PHONY: all
all: $(addprefix $(O)/,$(PROGRAMS)) $(O)/libvfioap.a $(O)/libvfioap.so $(O)/vfioap.pc

$(O)/obj/sim/%.o: sim/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) -DFUSE_USE_VERSION=35 $(call pkg_cflags,fuse3 json-c) $(ALL_CFLAGS) \
		-include src/banned.h -MMD -MP -c -o $@ $<

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(call pkg_cflags,json-c smartcols uuid) $(ALL_CFLAGS) \
		-include src/banned.h -MMD -MP -c -o $@ $<

$(O)/libcore.a: $(call objs,$(core_SRCS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define program
$(O)/$(1): $(call objs,$($(1)_SRCS)) $(if $(filter apsim,$(1)),,$(O)/libcore.a)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(ALL_CFLAGS) -pie $$(ALL_LDFLAGS) -o $$@ $$^ $$(call pkg_libs,$($(1)_PKGS)) -lpthread
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# ---- the library ----------------------------------------------------------------

$(O)/obj/pic/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,$< (shared))
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -include src/banned.h -MMD -MP -c -o $@ $<

$(O)/libvfioap.so.$(SOVERSION): $(patsubst src/%.c,$(O)/obj/pic/%.o,$(lib_SRCS)) src/libvfioap.map
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -shared -Wl,-soname,libvfioap.so.$(SOVERSION) \
		-Wl,--version-script,src/libvfioap.map $(ALL_LDFLAGS) -o $@ $(filter %.o,$^)

$(O)/libvfioap.so: $(O)/libvfioap.so.$(SOVERSION)
	$(Q)ln -sf $(<F) $@

$(O)/libvfioap.a: $(call objs,$(lib_SRCS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# ---- tests -----------------------------------------------------------------------

# A unit test links everything but the main()s; of sim/ too when it is test_sim_*.
simlib_SRCS := $(filter-out sim/apsim.c,$(sort $(wildcard sim/*.c)))
$(O)/libsim.a: $(call objs,$(simlib_SRCS) src/mask.c src/err.c src/str.c)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/unit/test_sim_%: $(O)/obj/tests/unit/test_sim_%.o $(O)/libsim.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(apsim_PKGS)) -lpthread

$(O)/unit/test_%: $(O)/obj/tests/unit/test_%.o $(O)/libcore.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(vfioap_PKGS)) -lpthread

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(O) -name '*.d' 2>/dev/null)
