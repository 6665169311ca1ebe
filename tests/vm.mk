# SPDX-License-Identifier: Apache-2.0
# The kernel matrix: the packet path inside Debian's kernels under qemu; included by the top Makefile.
.PHONY: vm

vm_dir      := $(BUILD)/tests/vm
vm_programs := $(addprefix $(vm_dir)/,flavours native chain instructions)
vm_shared   := $(addprefix $(vm_dir)/,subject.o wire.o results.o) $(call obj,$(lib_src) $(policy_src) $(kern_src))
KERNELS     ?= 6.1 6.12

$(vm_dir)/%.o: tests/vm/%.c $(BUILD)/flags $(bpf_skeletons)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(FW_CFLAGS) -I$(vm_dir) -MMD -MP -c $< -o $@

$(vm_dir)/neighbour.bpf.o: tests/vm/neighbour.bpf.c $(BUILD)/flags
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(vm_dir)/neighbour.skel.h: $(vm_dir)/neighbour.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name neighbour_bpf > $@

$(vm_dir)/chain.o: $(vm_dir)/neighbour.skel.h

$(vm_dir)/instructions.o: $(BUILD)/tools/bench/bare.skel.h
$(vm_dir)/instructions.o: FW_CFLAGS += -Itools -I$(BUILD)/tools
$(vm_dir)/instructions: $(addprefix $(BUILD)/tools/,plan.o bench/harness.o)

$(vm_programs): %: %.o $(vm_shared)
	$(call say,TEST,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(sort $(agent_libs) $(cli_libs))

vm_suites   := $(filter $(BUILD)/tests/prog/% $(BUILD)/tests/load/%,$(prog_tests))

vm: all $(vm_programs) $(vm_suites) $(BUILD)/tools/floodgen ## the packet path inside Debian's kernels under qemu; KERNELS="6.1 6.12"
	$(Q)BUILD=$(BUILD) tests/vm/run $(KERNELS)
	$(Q)BUILD=$(BUILD) VM_JOBS=instructions tests/vm/run 6.12
