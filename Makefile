# vfioap: lend AP queues to KVM guests.  `make help` lists the targets.
#
#   V=1        show the commands          NO_DEPS=1  never install anything
#   SAN=1      ASan and UBSan             O=DIR      build somewhere else than build/
#   DESTDIR= PREFIX=/usr/local            CC=clang   another compiler
#   WERROR=    warnings stay warnings     TESTS=...  these suites instead of all
#   NO_BUILD=1 install what is built      JOBS=2     tests that run at the same time
#
# Only bench, check*, coverage, demo, fuzz and golden install packages: scripts/install-deps, what is missing.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.DEFAULT_GOAL := all

VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
DESTDIR ?=
bindir := $(PREFIX)/bin
sbindir := $(PREFIX)/sbin
libdir := $(PREFIX)/lib
libexecdir := $(PREFIX)/libexec/vfioap
includedir := $(PREFIX)/include
mandir := $(PREFIX)/share/man
docdir := $(PREFIX)/share/doc/vfioap
exampledir := $(docdir)/examples
bashcompdir := $(PREFIX)/share/bash-completion/completions
zshcompdir := $(PREFIX)/share/zsh/site-functions
udevrulesdir ?= $(PREFIX)/lib/udev/rules.d
systemunitdir ?= $(PREFIX)/lib/systemd/system
# Where mdevctl looks for callouts, since 1.3 and before; nothing: do not link ours there.
calloutdirs ?= /usr/lib/mdevctl/scripts.d/callouts /etc/mdevctl.d/scripts.d/callouts

ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
INSTALL ?= install
PKG_CONFIG ?= pkg-config
O ?= $(if $(SAN),build/san,build)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- flags -------------------------------------------------------------------

WERROR ?= -Werror
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wundef -Wpointer-arith -Wformat=2 -Wvla $(WERROR)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(CFLAGS) $(WARN) -ffunction-sections -fdata-sections -fPIE
ALL_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVFIOAP_VERSION='"$(VERSION)"' \
	-Iinclude -Isrc $(CPPFLAGS)
ALL_LDFLAGS := -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
SHARED_LDFLAGS :=
HARDEN :=
ifeq ($(SAN),1)
ALL_CFLAGS := $(filter-out -O2,$(ALL_CFLAGS)) -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
ALL_LDFLAGS += -fsanitize=address,undefined
else
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection
SHARED_LDFLAGS += -Wl,-z,defs
# It needs an optimiser, and must not meet a level that somebody chose.
ifeq ($(filter -O0,$(CFLAGS))$(findstring _FORTIFY_SOURCE,$(CFLAGS) $(CPPFLAGS)),)
FORTIFY := -D_FORTIFY_SOURCE=3
HARDEN += $(FORTIFY)
endif
endif

# $(call cc_has,FLAG): FLAG, where the compiler and its C library take it
cc_has = $(shell $(CC) -O2 -U_FORTIFY_SOURCE $(1) $(CFLAGS) -Werror -include string.h -c -x c \
	-o /dev/null /dev/null 2>/dev/null && echo ' $(1)')
# What of HARDEN they take, before the user's own flags.  Found by the first recipe that needs it,
# once, so that nothing is asked before it is installed.
harden = $(eval harden := $(if $(FORTIFY),-U_FORTIFY_SOURCE) $(foreach f,$(HARDEN),$(or \
	$(call cc_has,$(f)),$(if $(filter $(FORTIFY),$(f)),-D_FORTIFY_SOURCE=2))))$(harden)

# Asked only when a recipe needs them, so that nothing is asked before it is installed.
pkg_cflags = $(if $(1),$(shell $(PKG_CONFIG) --cflags $(1)))
pkg_libs = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1)))

# ---- what is built from what ---------------------------------------------------

# The mask library; its objects are also in every program.
lib_SRCS := src/mask.c

# Everything the front ends share, a layer a line; scripts/lint-layers holds them apart.
core_SRCS := src/mask.c src/err.c src/str.c src/qset.c \
	src/dl.c src/sysfs.c src/file.c src/lock.c src/process.c src/swap.c \
	src/apbus.c src/apbus_boot.c src/apbus_info.c src/config.c src/config_edit.c \
	src/libvirt.c src/mdev.c src/overrides.c src/procs.c src/udev.c src/udev_report.c src/wishfile.c src/zdev.c \
	src/apply.c src/apply_files.c src/bounds.c src/caps.c src/collide.c src/conflict.c src/conflict_next.c \
	src/findings.c src/kernel.c src/obstacle.c src/plan.c src/plan_files.c src/plan_order.c src/pool.c src/snapshot.c src/unseen.c src/wish.c \
	src/audit.c src/audit_file.c src/audit_guest.c src/audit_host.c src/audit_share.c \
	src/guest.c src/nextboot.c src/share.c \
	src/module.c src/zcrypt.c src/loss.c src/override.c src/pool_exact.c src/pool_mode.c \
	src/doctor.c src/doctor_active.c src/doctor_boot.c src/find.c src/rect.c \
	src/watch.c src/watch_bus.c src/watch_say.c \
	src/cmd.c src/cmdopt.c src/input.c src/out.c src/out_json.c src/out_view.c

# What all commands begin with, first in the program: few pages are touched to start it.
start_SRCS := src/cmd.c src/cmdopt.c src/out.c src/process.c src/mask.c

# What lsvfioap and `vfioap list` share.
list_SRCS := src/chart.c src/filter.c src/list.c src/map.c src/view_device.c src/view_queue.c
vfioap_SRCS := src/vfioap.c src/change.c src/change_ids.c src/change_pool.c src/change_report.c \
	src/monitor.c $(sort $(wildcard src/cmd_*.c)) src/grid.c $(list_SRCS)
vfioap_PKGS := popt json-c uuid
lsvfioap_SRCS := src/lsvfioap.c $(list_SRCS)
lsvfioap_PKGS := popt json-c uuid
chzdev_ap_SRCS := src/change.c src/change_report.c src/chzdev_ap.c src/chzdev_edit.c src/chzdev_file.c \
	src/chzdev_list.c $(list_SRCS)
chzdev_ap_PKGS := popt json-c uuid
vfioap-callout_SRCS := src/callout.c src/callout_check.c src/callout_get.c
vfioap-callout_PKGS := json-c uuid
vfioap-override_SRCS := src/override_boot.c
vfioap-override_PKGS := json-c uuid
apsim_SRCS := $(sort $(wildcard sim/*.c)) src/mask.c src/err.c src/str.c
apsim_PKGS := fuse3 json-c popt uuid

# Loaded when a command needs them (src/dl.h): only their headers are needed to build.
loaded_PKGS := libudev libxml-2.0 smartcols

PROGRAMS := vfioap lsvfioap chzdev_ap vfioap-callout vfioap-override apsim
unit_SRCS := $(sort $(wildcard tests/unit/test_*.c))
fuzz_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
UNITS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(unit_SRCS)) \
	$(patsubst tests/fuzz/%.c,$(O)/unit/%,$(fuzz_SRCS))
TESTS ?= $(sort $(wildcard tests/*.bats))

objs = $(patsubst %.c,$(O)/obj/%.o,$(1))

# ---- what has to be there --------------------------------------------------------

build_NEEDS := $(CC) pkg-config $(sort $(loaded_PKGS) $(foreach p,$(PROGRAMS),$($(p)_PKGS)))
test_NEEDS := bats git jq jsonschema mdevctl pkill strace zsh
deb_NEEDS := build-essential dpkg-buildpackage dh git lintian debootstrap
GOALS := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))

# The phony target that every object waits for, when the goal is one that may install.
DEPS := $(if $(filter bench check check-% coverage demo fuzz golden,$(GOALS)),deps)
NEEDS := $(build_NEEDS) $(if $(filter check-deb,$(GOALS)),$(deb_NEEDS)) \
	$(if $(filter-out check-deb check-fuzz,$(filter check check-% coverage golden,$(GOALS))),$(test_NEEDS)) \
	$(if $(filter check-valgrind,$(GOALS)),valgrind) $(if $(filter coverage,$(GOALS)),gcovr) \
	$(if $(filter fuzz check-fuzz,$(GOALS)),libfuzzer) \
	$(if $(filter bench,$(GOALS)),hyperfine strace time jq)

.PHONY: deps
deps:
	$(Q)NO_DEPS='$(NO_DEPS)' PKG_CONFIG='$(PKG_CONFIG)' scripts/install-deps $(NEEDS)

# Other flags are another build; but `make install` installs what was built.
export VFIOAP_FLAGS := $(strip $(CC) $(HARDEN) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS))
ifneq ($(filter-out install,$(GOALS)),)
ifneq ($(VFIOAP_FLAGS),$(strip $(file <$(O)/flags)))
.PHONY: $(O)/flags
endif
endif
$(O)/flags:
	@mkdir -p $(@D) && printf '%s\n' "$$VFIOAP_FLAGS" >$@

# ---- programs --------------------------------------------------------------------

.PHONY: all
all: $(addprefix $(O)/,$(PROGRAMS) libvfioap.a libvfioap.so) ## build programs and library

# $(call compile,modules of pkg-config,more flags)
define compile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(harden) $(ALL_CPPFLAGS) $(call pkg_cflags,$(1)) $(ALL_CFLAGS) $(2) \
		-include src/banned.h -MMD -MP -c -o $@ $<
endef

# $(call link,modules of pkg-config)
define link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -o $@ $^ $(call pkg_libs,$(1)) -lpthread
endef

# $(call link_fuzz,compiler and flags): objects first, they stand in for some of the libraries
define link_fuzz
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(1) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(call pkg_libs,$(vfioap_PKGS) fuse3) -lpthread
endef

define archive
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
endef

$(O)/obj/sim/%.o: sim/%.c $(O)/flags | $(DEPS)
	$(call compile,fuse3 json-c,-DFUSE_USE_VERSION=35)

$(O)/obj/tests/fuzz/fuzz_sim_%.o: tests/fuzz/fuzz_sim_%.c $(O)/flags | $(DEPS)
	$(call compile,fuse3 json-c libxml-2.0 uuid,-DFUSE_USE_VERSION=35 -Isim)

$(O)/obj/tests/unit/test_sim_%.o: tests/unit/test_sim_%.c $(O)/flags | $(DEPS)
	$(call compile,fuse3 json-c,-DFUSE_USE_VERSION=35 -Isim)

$(O)/obj/%.o: %.c $(O)/flags | $(DEPS)
	$(call compile,json-c uuid $(loaded_PKGS))

$(O)/libcore.a: $(call objs,$(core_SRCS))
	$(archive)

$(O)/vfioap: $(call objs,$(start_SRCS) $(vfioap_SRCS)) $(O)/libcore.a
	$(call link,$(vfioap_PKGS))

$(O)/lsvfioap: $(call objs,$(start_SRCS) $(lsvfioap_SRCS)) $(O)/libcore.a
	$(call link,$(lsvfioap_PKGS))

$(O)/chzdev_ap: $(call objs,$(chzdev_ap_SRCS)) $(O)/libcore.a
	$(call link,$(chzdev_ap_PKGS))

$(O)/vfioap-callout: $(call objs,$(vfioap-callout_SRCS)) $(O)/libcore.a
	$(call link,$(vfioap-callout_PKGS))

$(O)/vfioap-override: $(call objs,$(vfioap-override_SRCS)) $(O)/libcore.a
	$(call link,$(vfioap-override_PKGS))

$(O)/apsim: $(call objs,$(apsim_SRCS))
	$(call link,$(apsim_PKGS))

# ---- the library ----------------------------------------------------------------

$(O)/obj/pic/%.o: src/%.c $(O)/flags | $(DEPS)
	$(call compile,,-fPIC)

lib_OBJS := $(patsubst src/%.c,$(O)/obj/pic/%.o,$(lib_SRCS))
$(O)/libvfioap.so.$(SOVERSION): $(lib_OBJS) src/libvfioap.map
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -shared \
		-Wl,-soname,libvfioap.so.$(SOVERSION) -Wl,--version-script,src/libvfioap.map \
		$(SHARED_LDFLAGS) $(ALL_LDFLAGS) -o $@ $(lib_OBJS)

$(O)/libvfioap.so: $(O)/libvfioap.so.$(SOVERSION)
	$(Q)ln -sf $(<F) $@

$(O)/libvfioap.a: $(lib_OBJS)
	$(archive)

# ---- tests -----------------------------------------------------------------------

# A unit test links everything but the main()s; of sim/ too when it is test_sim_*.
simlib_SRCS := $(filter-out sim/apsim.c,$(sort $(wildcard sim/*.c)))
$(O)/libsim.a: $(call objs,$(simlib_SRCS) src/mask.c src/err.c src/str.c)
	$(archive)

$(O)/unit/test_sim_%: $(O)/obj/tests/unit/test_sim_%.o $(O)/libsim.a
	$(call link,$(apsim_PKGS))

# ... and of both where one is held against the other.
$(O)/unit/test_undo: $(O)/obj/tests/unit/test_undo.o $(O)/libcore.a $(O)/libsim.a
	$(call link,$(vfioap_PKGS))

$(O)/unit/test_guest: $(O)/obj/tests/unit/test_guest.o $(O)/libcore.a $(O)/libsim.a
	$(call link,$(vfioap_PKGS))

$(O)/unit/test_%: $(O)/obj/tests/unit/test_%.o $(O)/libcore.a
	$(call link,$(vfioap_PKGS))

# A fuzz target links both, and tests what its corpus holds.
replay_OBJS := $(call objs,tests/fuzz/fuzz.c tests/fuzz/replay.c)
$(O)/unit/fuzz_sim_%: $(O)/obj/tests/fuzz/fuzz_sim_%.o $(replay_OBJS) $(O)/libsim.a $(O)/libcore.a
	$(call link_fuzz,$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS))

$(O)/unit/fuzz_%: $(O)/obj/tests/fuzz/fuzz_%.o $(replay_OBJS) $(O)/libcore.a $(O)/libsim.a
	$(call link_fuzz,$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS))

$(O)/unit/fuzz_bus $(O)/unit/fuzz_devices: $(call objs,tests/fuzz/tree.c)
$(O)/unit/fuzz_words: $(call objs,$(list_SRCS))
facts_SRCS := $(filter-out src/cmd_doctor_facts.c,$(sort $(wildcard src/cmd_doctor_*.c)))
$(O)/unit/fuzz_facts: $(call objs,$(facts_SRCS))

.PHONY: units
units: $(UNITS)

run_tests = $(Q)CC='$(CC)' SAN='$(SAN)' JOBS='$(JOBS)' V='$(V)' VFIOAP_BUILD='$(abspath $(O))' \
	$(1) scripts/run-tests

.PHONY: check check-unit check-bats check-long check-valgrind golden
check: all units | $(DEPS) ## run all tests
	$(call run_tests) $(UNITS) $(TESTS)

check-unit: units | $(DEPS) ## run the unit tests alone
	$(call run_tests) $(UNITS)

check-bats: all | $(DEPS) ## run the suites alone; TESTS=tests/010-mask.bats for one
	$(call run_tests) $(TESTS)

check-long: all units | $(DEPS) ## run all tests with more rounds and longer limits
	$(call run_tests,VFIOAP_TEST_LONG=1) $(UNITS) $(TESTS)

# Whole machines at random take minutes here, and run under the address sanitizer with SAN=1.
VALGRIND_SKIPS := test_find test_guest test_sim_% test_undo
check-valgrind: units | $(DEPS) ## run the unit tests under valgrind
	$(call run_tests) --valgrind $(filter-out $(VALGRIND_SKIPS:%=$(O)/unit/%),$(UNITS))

# The same for s390x, which has the other byte order: all that is computed, and by the suites every
# text and file that is written, held against what is written here.
S390X_ROOT ?= $(abspath $(O))/s390x-root
s390x_root := $(S390X_ROOT)/root
s390x_O := $(O)/s390x
s390x_MAKE = PKG_CONFIG_LIBDIR='$(s390x_root)/usr/lib/s390x-linux-gnu/pkgconfig' \
	PKG_CONFIG_SYSROOT_DIR='$(s390x_root)' MAKEFLAGS= $(make_program) --no-print-directory -j2 \
	V='$(V)' NO_DEPS=1 O='$(s390x_O)' \
	CC=s390x-linux-gnu-gcc CFLAGS='$(CFLAGS) --sysroot=$(s390x_root)' \
	LDFLAGS='-Wl,--dynamic-linker=$(s390x_root)/lib/ld64.so.1 \
		-Wl,--disable-new-dtags,-rpath,$(s390x_root)/usr/lib/s390x-linux-gnu $(LDFLAGS)'
# It holds seconds against each other, which an emulator spends otherwise.
S390X_SKIPS := test_sim_large
S390X_TESTS ?= $(wildcard tests/100-*.bats tests/11*.bats tests/12*.bats tests/206-*.bats \
	tests/250-*.bats tests/261-*.bats tests/280-*.bats tests/290-*.bats tests/s390x/*.bats)

.PHONY: check-s390x
check-s390x: all | $(DEPS) ## run the unit tests, and suites of text and files, as s390x programs
	$(Q)S390X_ROOT='$(S390X_ROOT)' scripts/install-deps --s390x
	$(Q)$(s390x_MAKE) all units
	@printf 'not run: %s, which measures time\n' $(S390X_SKIPS)
	@echo 'not run: vector 132 of test_sim_vectors: 65536 devices are minutes here'
	@echo 'not run: apsim, which mounts: it is that of this machine in the suites'
	$(Q)S390X_ROOT='$(S390X_ROOT)' JOBS='$(JOBS)' V='$(V)' VFIOAP_BUILD='$(abspath $(s390x_O))' \
		VFIOAP_NATIVE='$(abspath $(O))' scripts/run-tests --wrapper '$(abspath scripts/s390x-run)' \
		$(filter-out $(S390X_SKIPS:%=$(s390x_O)/unit/%),$(UNITS:$(O)/%=$(s390x_O)/%)) $(S390X_TESTS)

# What runs of src/ and sim/.  Left out: the library as it is linked elsewhere, and the house itself,
# whose tests look at how programs are built.  A test that fails here counts what it ran.
COVERAGE_SKIPS := tests/020-library.bats tests/920-house.bats
coverage_O := $(O)/coverage
.PHONY: coverage
coverage: | $(DEPS) ## print what the tests run of src/ and sim/, and fail below 95 % of src/
	$(Q)MAKEFLAGS= $(make_program) --no-print-directory -j2 V='$(V)' NO_DEPS=1 O='$(coverage_O)' \
		CC='$(CC)' CFLAGS='-O0 -g --coverage -fprofile-update=atomic' all units
	$(Q)scripts/coverage --begin $(coverage_O)
	$(Q)JOBS='$(JOBS)' V='$(V)' VFIOAP_TEST_LIMIT=600 VFIOAP_TEST_STEP=1 \
		VFIOAP_BUILD='$(abspath $(coverage_O))' \
		scripts/run-tests $(UNITS:$(O)/%=$(coverage_O)/%) $(filter-out $(COVERAGE_SKIPS),$(TESTS)) || :
	$(Q)scripts/coverage $(coverage_O)

golden: all | $(DEPS) ## rewrite tests/expected from what the programs print now
	$(call run_tests,VFIOAP_TEST_GOLDEN=1) $(TESTS)
	$(Q)git diff --stat -- tests/expected

# ---- fuzzing: parsers with any bytes, by clang's libFuzzer ---------------------------

FUZZ_CC ?= clang
FUZZ_RUNS ?= 10000000
fuzz_CFLAGS := -std=gnu11 -O2 -g $(WARN) -fPIE -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_objs = $(patsubst %.c,$(O)/fuzz/obj/%.o,$(1))
fuzz_PKGS := $(sort $(vfioap_PKGS) $(apsim_PKGS) $(loaded_PKGS))
FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(fuzz_SRCS))
# By itself: its commas would part the arguments of a call.
fuzz_SANITIZERS := -fsanitize=fuzzer,address,undefined
fuzz_link = $(call link_fuzz,$(FUZZ_CC) $(fuzz_SANITIZERS) -pie)

$(O)/fuzz/obj/%.o: %.c $(O)/flags | $(DEPS)
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)$(FUZZ_CC) $(filter-out %_FORTIFY_SOURCE %_FORTIFY_SOURCE=2,$(ALL_CPPFLAGS)) \
		$(call pkg_cflags,$(fuzz_PKGS)) $(fuzz_CFLAGS) -DFUSE_USE_VERSION=35 \
		$(if $(findstring fuzz_sim_,$@),-Isim) -include src/banned.h -MMD -MP -c -o $@ $<

# Loops over sets compare much and say nothing of the input.
$(O)/fuzz/obj/src/qset.o: fuzz_CFLAGS += -fno-sanitize-coverage=trace-cmp

$(O)/fuzz/libcore.a: $(call fuzz_objs,$(core_SRCS))
	$(archive)

$(O)/fuzz/libsim.a: $(call fuzz_objs,$(simlib_SRCS) src/mask.c src/err.c src/str.c)
	$(archive)

$(O)/fuzz/fuzz_sim_%: $(call fuzz_objs,tests/fuzz/fuzz_sim_%.c tests/fuzz/fuzz.c) \
		$(O)/fuzz/libsim.a $(O)/fuzz/libcore.a
	$(fuzz_link)

$(O)/fuzz/fuzz_%: $(call fuzz_objs,tests/fuzz/fuzz_%.c tests/fuzz/fuzz.c) \
		$(O)/fuzz/libcore.a $(O)/fuzz/libsim.a
	$(fuzz_link)

$(O)/fuzz/fuzz_bus $(O)/fuzz/fuzz_devices: $(call fuzz_objs,tests/fuzz/tree.c)
$(O)/fuzz/fuzz_words: $(call fuzz_objs,$(list_SRCS))
$(O)/fuzz/fuzz_facts: $(call fuzz_objs,$(facts_SRCS))

run_fuzz = $(Q)JOBS='$(JOBS)' FUZZ_OUT='$(O)/fuzz' FUZZ_SECONDS='$(FUZZ_SECONDS)' scripts/fuzz

.PHONY: fuzz check-fuzz fuzz-corpus
fuzz: $(FUZZERS) ## feed every parser any bytes, FUZZ_RUNS=10000000 times or FUZZ_SECONDS=N
	$(run_fuzz) --runs $(FUZZ_RUNS) $(FUZZERS)

check-fuzz: $(FUZZERS) ## the same for a moment
	$(run_fuzz) --check $(FUZZERS)

fuzz-corpus: $(FUZZERS) ## add what was found worth keeping to tests/fuzz/corpus
	$(run_fuzz) --merge $(FUZZERS)

# ---- benchmarks: they measure, and test nothing --------------------------------------------------

bench_PROGRAMS := $(addprefix $(O)/bench/,tree floor empty)

# With the flags of programs, but not their list of banned functions: these trust what they read.
$(O)/bench/%: bench/%.c $(O)/flags | $(DEPS)
	@mkdir -p $(@D)
	$(call say,BENCH,$@)
	$(Q)$(CC) -D_GNU_SOURCE $(call pkg_cflags,json-c) $(CFLAGS) -Wall -Wextra -o $@ $< \
		-Wl,--$(if $(findstring empty,$@),no-)as-needed $(call pkg_libs,$(vfioap_PKGS))

.PHONY: bench
bench: all $(bench_PROGRAMS) | $(DEPS) ## measure beside the least work for the same answers
	$(Q)VFIOAP_BUILD='$(abspath $(O))' bench/run

.PHONY: demo
demo: all | $(DEPS) ## show the main job on a simulated machine
	$(Q)PATH='$(abspath $(O))':"$$PATH" scripts/demo

# By another name, or `make -n lint` would run it.
make_program := $(MAKE)
.PHONY: lint
lint: ## check style, layers, scripts, man pages and warnings
	$(Q)MAKE='$(make_program)' VFIOAP_BUILD='$(abspath $(O))' scripts/lint

# ---- install ---------------------------------------------------------------------

man_PAGES := $(sort $(wildcard man/*.[1-8]))
# The names of $$page but that of its file: these are links.
man_names = sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "man/$$page" | \
	grep -vxF "$${page%.*}"
inst = $(Q)$(INSTALL) -D -m $(1) $(2) '$(DESTDIR)$(3)'
# $(call inst_in,FILE,DIR): FILE.in, with the places of programs filled in
inst_in = $(Q)$(INSTALL) -D -m 644 $(1).in '$(DESTDIR)$(2)/$(notdir $(1))' && \
	sed -i -e 's|@LIBEXECDIR@|$(libexecdir)|' -e 's|@SBINDIR@|$(sbindir)|' \
		'$(DESTDIR)$(2)/$(notdir $(1))'

.PHONY: install
install: $(if $(NO_BUILD),,all) ## install below $(DESTDIR)$(PREFIX)
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(call inst,755,$(O)/vfioap,$(sbindir)/vfioap)
	$(call inst,755,$(O)/lsvfioap,$(sbindir)/lsvfioap)
	$(call inst,755,$(O)/chzdev_ap,$(sbindir)/chzdev_ap)
	$(call inst,755,$(O)/vfioap-callout,$(libexecdir)/vfioap-callout)
	$(call inst,755,$(O)/vfioap-override,$(libexecdir)/vfioap-override)
	$(call inst_in,systemd/42-vfioap.rules,$(udevrulesdir))
	$(call inst_in,systemd/vfioap-autostart.service,$(systemunitdir))
	$(Q)for dir in $(calloutdirs); do \
		$(INSTALL) -d '$(DESTDIR)'"$$dir" && \
			ln -sf '$(libexecdir)/vfioap-callout' \
				'$(DESTDIR)'"$$dir/00-vfioap-callout" || exit; \
	done
	$(call inst,755,$(O)/apsim,$(bindir)/apsim)
	$(call inst,755,$(O)/libvfioap.so.$(SOVERSION),$(libdir)/libvfioap.so.$(SOVERSION))
	$(Q)ln -sf libvfioap.so.$(SOVERSION) '$(DESTDIR)$(libdir)/libvfioap.so'
	$(call inst,644,$(O)/libvfioap.a,$(libdir)/libvfioap.a)
	$(call inst,644,include/vfioap/mask.h,$(includedir)/vfioap/mask.h)
	$(Q)$(INSTALL) -d '$(DESTDIR)$(libdir)/pkgconfig'
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(libdir)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@INCLUDEDIR@|$(includedir)|' \
		src/vfioap.pc.in >'$(DESTDIR)$(libdir)/pkgconfig/vfioap.pc'
	$(Q)chmod 644 '$(DESTDIR)$(libdir)/pkgconfig/vfioap.pc'
	$(Q)for page in $(man_PAGES); do \
		$(INSTALL) -D -m 644 -t '$(DESTDIR)$(mandir)'/man"$${page##*.}" "$$page" || exit; \
		section="$${page##*.}" page="$${page##*/}"; \
		for name in $$($(man_names)); do \
			ln -sf "$$page" '$(DESTDIR)$(mandir)'/man"$$section/$$name.$$section" || exit; \
		done; \
	done
	$(call inst,644,completion/vfioap.bash,$(bashcompdir)/vfioap)
	$(Q)ln -sf vfioap '$(DESTDIR)$(bashcompdir)/lsvfioap'
	$(call inst,644,completion/chzdev_ap.bash,$(bashcompdir)/chzdev_ap)
	$(call inst,644,completion/_vfioap,$(zshcompdir)/_vfioap)
	$(Q)$(INSTALL) -D -m 644 -t '$(DESTDIR)$(docdir)' README.md NEWS LICENSE
	$(Q)$(INSTALL) -D -m 644 -t '$(DESTDIR)$(exampledir)' doc/ansible.yml doc/examples/*.json

# What `make install` with the same variables would put there, and the directories that are ours alone.
.PHONY: uninstall
uninstall: $(if $(NO_BUILD),,all) ## remove what install has put there
	$(call say,REMOVE,$(DESTDIR)$(PREFIX))
	$(Q)rm -rf '$(O)/uninstall'
	$(Q)$(make_program) --no-print-directory install NO_BUILD=1 DESTDIR='$(abspath $(O))/uninstall' >/dev/null
	$(Q)cd '$(O)/uninstall' && find . ! -type d | while IFS= read -r file; do \
		rm -f '$(DESTDIR)/'"$$file" || exit; \
	done
	$(Q)rm -rf '$(O)/uninstall'
	$(Q)for dir in $(exampledir) $(docdir) $(libexecdir) $(includedir)/vfioap; do \
		[ ! -d '$(DESTDIR)'"$$dir" ] || rmdir '$(DESTDIR)'"$$dir" || exit; \
	done

# ---- the rest --------------------------------------------------------------------

.PHONY: dist
dist: ## make build/vfioap-VERSION.tar.gz of what is committed
	$(Q)mkdir -p build
	$(Q)git archive --format=tar.gz --prefix=vfioap-$(VERSION)/ \
		-o build/vfioap-$(VERSION).tar.gz HEAD
	@echo build/vfioap-$(VERSION).tar.gz

.PHONY: deb rpm check-deb
deb: ## build Debian packages in build/deb
	$(Q)scripts/package deb

rpm: ## build RPM packages in build/rpm [RPMBUILD_OPTIONS=--nodeps]
	$(Q)RPMBUILD_OPTIONS='$(RPMBUILD_OPTIONS)' scripts/package rpm

check-deb: | $(DEPS) ## install, use, upgrade and purge the Debian packages in a fresh root
	$(Q)tests/deb/check-deb

.PHONY: clean
clean: ## remove what was built
	$(Q)rm -rf build
	$(Q)if [ -f '$(O)/flags' ]; then rm -rf '$(O)'; fi

.PHONY: help
help: ## print this list
	@sed -n 's/^\([a-z0-9-]*\):.* ## /\1\t/p' Makefile | sort | while IFS='	' read -r name text; do \
		printf '  %-16s %s\n' "$$name" "$$text"; \
	done
	@sed -n '/^#$$/,/^#$$/s/^#//p' Makefile

# The simulator and the tools on real kernels: KVER=6.1, 6.12, 7.3; QUICK=1.
.PHONY: check-vm
check-vm: $(O)/apsim  ## compare with real kernels under qemu [KVER=..] [QUICK=1]
	$(Q)O='$(O)' CC='$(CC)' WARN='$(WARN)' tests/vm/check-vm $(if $(QUICK),--scripts 4) $(KVER)

-include $(shell find $(O)/obj $(O)/fuzz/obj -name '*.d' 2>/dev/null)
