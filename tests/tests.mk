# SPDX-License-Identifier: Apache-2.0
# How tests are built and run; included by the top Makefile. $(BUILD)/tests/SUITE/NAME is one binary per source.

# Sanitized objects of everything but the mains: unit tests take from the archive what they name.
test_lib_src := $(filter-out %/main.c,$(wildcard user/*/*.c))
SAN_FLAGS    := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_FLAGS   := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
test_libs    := -lcriterion $(sort $(agent_libs) $(cli_libs) $(web_libs))

san_objs   := $(patsubst user/%.c,$(BUILD)/san/%.o,$(test_lib_src))
fuzz_objs  := $(patsubst user/%.c,$(BUILD)/fuzz/%.o,$(filter-out user/kern/% user/agent/% user/web/% user/cli/%,$(test_lib_src)))
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
prog_tests := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/prog/test_*.c tests/load/test_*.c tests/golden/test_*.c))
fuzz_tests := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

test_cflags = $(FW_CFLAGS) -Itests -I. -DFW_TESTS_DIR='"$(abspath tests)"' -DFW_SOURCE_DIR='"$(abspath .)"' -Wno-missing-prototypes

.PHONY: test tests-build check fuzz unit-plain

$(BUILD)/san/%.o: user/%.c $(BUILD)/flags $(bpf_skeletons)
	$(call say,CC-SAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -O1 $(SAN_FLAGS) $(FW_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/%.o: user/%.c $(BUILD)/flags $(bpf_skeletons)
	$(call say,CC-FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CFLAGS) -O1 $(FUZZ_FLAGS) $(FW_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/san.a: $(san_objs)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/plain.a: $(call obj,$(test_lib_src))
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/fuzz.a: $(fuzz_objs)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/san.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -O1 $(SAN_FLAGS) $(test_cflags) -MMD -MP -MF $@.d -MT $@ $< $(BUILD)/san.a -o $@ $(test_libs)

# Allocations that fail when the test says so.
$(BUILD)/tests/unit/test_image_memory: test_libs += -Wl,--wrap=calloc -Wl,--wrap=reallocarray
$(BUILD)/tests/unit/test_recommend_memory: test_libs += -Wl,--wrap=calloc
# A host of the test's own.
$(BUILD)/tests/unit/test_link_stack: test_libs += -Wl,--wrap=socket -Wl,--wrap=if_nameindex -Wl,--wrap=if_freenameindex
# What is done to the kernel, in its order.
$(BUILD)/tests/load/test_change_mode: test_libs += -Wl,--wrap=fw_datapath_load_program -Wl,--wrap=bpf_link_detach -Wl,--wrap=bpf_link_create

# The same tests without sanitizers, for a debugger or valgrind; nothing runs them by default.
$(BUILD)/tests/unit-plain/%: tests/unit/%.c $(BUILD)/plain.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(test_cflags) -MMD -MP -MF $@.d -MT $@ $< $(BUILD)/plain.a -o $@ $(test_libs)

$(prog_tests): $(BUILD)/tests/%: tests/%.c $(BUILD)/plain.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(test_cflags) -I$(<D) -MMD -MP -MF $@.d -MT $@ $< $(BUILD)/plain.a -o $@ $(test_libs)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz.a
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CFLAGS) -O1 $(subst fuzzer-no-link,fuzzer,$(FUZZ_FLAGS)) $(test_cflags) \
		-MMD -MP -MF $@.d -MT $@ $< $(BUILD)/fuzz.a -o $@ $(sort $(agent_libs) $(cli_libs))

unit-plain: $(patsubst $(BUILD)/tests/unit/%,$(BUILD)/tests/unit-plain/%,$(unit_tests))

tests-build: all tools $(unit_tests) $(prog_tests) $(fuzz_tests)

test: $(unit_tests) ## unit tests under ASan and UBSan, no root
	$(Q)BUILD=$(BUILD) tests/run unit

check: ## from a bare Debian: install packages, build, run every test (root; SUITES="unit net" runs some)
	$(Q)[ "$$(id -u)" != 0 ] || $(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory -j2 tests-build
	$(Q)BUILD=$(BUILD) tests/run $(SUITES)

FUZZ_SECONDS ?= 60
fuzz: $(fuzz_tests) ## fuzz each target for FUZZ_SECONDS=60 over its corpus
	$(Q)BUILD=$(BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run fuzz

-include $(wildcard tests/*/*.mk)
-include $(san_objs:.o=.d) $(fuzz_objs:.o=.d) $(wildcard $(BUILD)/tests/*/*.d)
