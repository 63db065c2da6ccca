#!/usr/bin/env bats
# The mask library as somebody else finds it: installed, through pkg-config, by its manual page.

bats_require_minimum_version 1.8.0
load helpers

# Everything is installed once; the tests only read it.
setup_file()
{
	export DESTDIR=$BATS_FILE_TMPDIR/dest
	make -C "$SOURCES" install NO_BUILD=1 O="$VFIOAP_BUILD" DESTDIR="$DESTDIR" PREFIX=/opt/vfioap
	export LIB=$DESTDIR/opt/vfioap/lib
	export INCLUDE=$DESTDIR/opt/vfioap/include
	export MAN=$DESTDIR/opt/vfioap/share/man
	export PKG_CONFIG_PATH=$LIB/pkgconfig PKG_CONFIG_SYSROOT_DIR=$DESTDIR
	export WARN='-Wall -Wextra -Werror'
	[ -z "${SAN-}" ] || export SANITIZE=-fsanitize=address,undefined
}

# The program in the manual page, as a reader copies it.
example()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh ERRORS/{/^\.Bd/,/^\.Ed/p}' "$MAN/man3/vfioap_mask.3" |
		sed -e '/^\./d' -e 's/\\e/\\/g' >"$BATS_TEST_TMPDIR/example.c"
}

# compile FLAGS...: the program $BATS_TEST_TMPDIR/example
compile()
{
	local -a flags

	read -ra flags <<<"$WARN ${SANITIZE-} $*"
	tool 0 "${CC:-cc}" -o "$BATS_TEST_TMPDIR/example" "$BATS_TEST_TMPDIR/example.c" "${flags[@]}"
}

check_example()
{
	tool 0 "$BATS_TEST_TMPDIR/example" 5,6
	assert_stdout --exact "0x06$(printf '0%.0s' {1..62})"$'\n5\n6'
	tool 0 "$BATS_TEST_TMPDIR/example" all
	assert_stdout --line "0x$(printf 'f%.0s' {1..64})"
	assert_stdout --line 255
	tool 2 "$BATS_TEST_TMPDIR/example" 3,010
	assert_stdout --exact ''
	assert_stderr --exact \
		"item '010' at position 3 has a leading zero: 8 in sysfs, 10 on paper"
}

# The functions that mask.h declares and does not define itself.
declared()
{
	grep -v '^static' "$INCLUDE/vfioap/mask.h" |
		sed -n 's/^[a-z][a-z_ ]*[ *]\(vfioap_[a-z_]*\)(.*/\1/p' | sort -u
}

@test "library: header, libraries and pkg-config file are installed" {
	tool 0 find "$DESTDIR/opt/vfioap" -path '*/lib/*' -o -path '*/include/*' -type f
	assert_stdout --line "$INCLUDE/vfioap/mask.h"
	assert_stdout --line "$LIB/libvfioap.a"
	assert_stdout --line "$LIB/libvfioap.so"
	assert_stdout --line "$LIB/libvfioap.so.0"
	assert_stdout --line "$LIB/pkgconfig/vfioap.pc"
	assert_equal "$(readlink "$LIB/libvfioap.so")" libvfioap.so.0
	refute_stdout "$INCLUDE/vfioap/mask.h~"
}

@test "library: pkg-config names directories and the version of the programs" {
	tool 0 pkg-config --cflags vfioap
	assert_stdout --regex "^-I$INCLUDE ?\$"
	tool 0 pkg-config --libs vfioap
	assert_stdout --regex "^-L$LIB -lvfioap ?\$"
	tool 0 pkg-config --modversion vfioap
	assert_stdout --regex '^[0-9]+\.[0-9]+\.[0-9]+$'
	local version=$stdout
	tool 0 vfioap --version
	assert_stdout "$version"
}

@test "library: the shared one exports what mask.h declares, versioned, and nothing else" {
	tool 0 nm -D --defined-only "$LIB/libvfioap.so.0"
	assert_equal "$(awk '$2 == "T" { print $3 }' <<<"$stdout" | sed 's/@@VFIOAP_0$//' | sort)" \
		"$(declared)" "the exported functions"
	refute_stdout --regex ' [BDRVW] '
	assert_stdout --line "0000000000000000 A VFIOAP_0"
	tool 0 readelf -d "$LIB/libvfioap.so.0"
	assert_stdout --regex 'SONAME.*\[libvfioap\.so\.0\]'
}

@test "library: the static one defines no global name but vfioap_*" {
	tool 0 nm -g --defined-only "$LIB/libvfioap.a"
	local names
	names=$(awk 'NF == 3 && $3 !~ /^__(asan|odr_asan)/ { print $3 }' <<<"$stdout" | sort)
	assert_equal "$names" "$(declared)" "the global names"
}

@test "library: it allocates nothing, prints nothing and opens nothing" {
	tool 0 nm -D --undefined-only "$LIB/libvfioap.so.0"
	refute_stdout --regex ' (malloc|calloc|realloc|free|printf|puts|fopen|open|write|exit|abort)@'
}

@test "library: the example of vfioap_mask(3) builds against the shared library and runs" {
	example
	compile "$(pkg-config --cflags --libs vfioap)" "-Wl,-rpath,$LIB"
	tool 0 readelf -d "$BATS_TEST_TMPDIR/example"
	assert_stdout --regex 'NEEDED.*\[libvfioap\.so\.0\]'
	check_example
}

@test "library: the example of vfioap_mask(3) builds against the static library and runs" {
	example
	compile "$(pkg-config --cflags vfioap) $LIB/libvfioap.a"
	tool 0 readelf -d "$BATS_TEST_TMPDIR/example"
	refute_stdout libvfioap
	check_example
}

@test "library: the header is strict C99 on its own" {
	echo '#include <vfioap/mask.h>' >"$BATS_TEST_TMPDIR/example.c"
	echo 'int main(void) { return 0; }' >>"$BATS_TEST_TMPDIR/example.c"
	compile "-std=c99 -pedantic $(pkg-config --cflags --libs vfioap)"
}

@test "library: vfioap_mask(3) describes every function and every reason of mask.h" {
	local word
	for word in $(declared) $(grep -o '^static inline .*(' "$INCLUDE/vfioap/mask.h" |
		grep -o 'vfioap_[a-z_]*(' | tr -d '('); do
		tool 0 grep "^\.F[no] $word" "$MAN/man3/vfioap_mask.3"
	done
	for word in $(grep -o '^	VFIOAP_[A-Z0-9_]*' "$INCLUDE/vfioap/mask.h"); do
		[ "$word" = VFIOAP_OK ] || tool 0 grep "^\.It Dv $word" "$MAN/man3/vfioap_mask.3"
	done
}
