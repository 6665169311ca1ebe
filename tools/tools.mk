# SPDX-License-Identifier: Apache-2.0
# What stands around the product: the lab, the flood generator, the honest client, bench and demo.
.PHONY: tools deps bench demo
.PRECIOUS: $(BUILD)/tools/%.bpf.o $(BUILD)/tools/%.skel.h

tools_dir    := $(BUILD)/tools
tools_lib    := $(call obj,$(addprefix user/lib/,addr.c clock.c err.c units.c))
tools_cflags := $(FW_CFLAGS) -Itools -I$(tools_dir)

tools: $(addprefix $(tools_dir)/,floodgen httpload) ## the flood generator and the honest HTTP client

$(tools_dir)/%.bpf.o: tools/%.bpf.c $(BUILD)/flags
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itools -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(tools_dir)/%.skel.h: $(tools_dir)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@

$(tools_dir)/%.o: tools/%.c $(BUILD)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(tools_cflags) -MMD -MP -c $< -o $@

$(tools_dir)/floodgen.o: $(tools_dir)/floodgen.skel.h

$(tools_dir)/floodgen: $(addprefix $(tools_dir)/,floodgen.o flood_options.o plan.o) $(tools_lib)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ -lbpf -lelf -lz -lpthread

$(tools_dir)/httpload: $(tools_dir)/httpload.o $(tools_lib)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@

bench_objs := $(addprefix $(tools_dir)/bench/,main.o lab.o process.o samples.o prefixes.o target.o harness.o cost.o flood.o honest.o control.o)

$(bench_objs): tools_cflags += -Itools/bench -I$(tools_dir)/bench
$(bench_objs): $(addprefix $(tools_dir)/bench/,bare.skel.h naive.skel.h harness.skel.h)

$(tools_dir)/bench/bench: $(bench_objs) $(tools_dir)/plan.o $(tools_lib)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ -lbpf -ljansson -lelf -lz

bench: all tools $(tools_dir)/bench/bench $(tools_dir)/upstream.bpf.o ## measure on this machine, peers included (root; BENCH_QUICK=1: a smoke test)
	$(Q)$(tools_dir)/bench/bench --build $(BUILD)

deps: ## install the Debian packages that everything here needs (root)
	$(Q)tools/deps

# The demo starts from a bare Debian: first the packages, then a make of its own that finds them.
demo: deps ## a flood, unprotected and protected, before your eyes (root)
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)BUILD=$(BUILD) tools/demo
