# SPDX-License-Identifier: Apache-2.0
# Floodwall: `make help` lists what can be made. Everything is built into $(BUILD).

# ---- configuration -------------------------------------------------------------------------------
BUILD    ?= build
CC       ?= gcc
CLANG    ?= clang
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PREFIX   ?= /usr
VERSION  := 0.1.0
ifeq ($(origin CC),default)
CC := gcc
endif

WARNINGS   := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wswitch-enum -Wno-error=deprecated-declarations
CFLAGS     ?= -O2 -g
FW_CFLAGS  := -std=gnu11 $(WARNINGS) -D_GNU_SOURCE -DFW_VERSION='"$(VERSION)"' -Iinclude -Iuser -I$(BUILD)/skel
BPF_CFLAGS := -std=gnu11 -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	      -Wno-address-of-packed-member -Iinclude -I/usr/include/$(shell uname -m)-linux-gnu
# SAN=1: AddressSanitizer and UndefinedBehaviorSanitizer
ifdef SAN
FW_CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS    += -fsanitize=address,undefined
endif

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' $(1) $(patsubst $(BUILD)/%,%,$(2))
else
Q :=
say =
endif

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all help clean lint fmt install uninstall check missing

# ---- sources -------------------------------------------------------------------------------------
lib_src     := $(wildcard user/lib/*.c)
policy_src  := $(wildcard user/policy/*.c)
logs_src    := $(wildcard user/logs/*.c)
feeds_src   := $(wildcard user/feeds/*.c)
kern_src    := $(wildcard user/kern/*.c)
observe_src := $(wildcard user/observe/*.c)
ctl_src     := $(wildcard user/ctl/*.c)
agent_src   := $(wildcard user/agent/*.c)
cli_src     := $(wildcard user/cli/*.c)
web_src     := $(wildcard user/web/*.c)
history_src := $(wildcard user/history/*.c)
waf_src     := $(wildcard user/waf/*.c)
notify_src  := $(wildcard user/notify/*.c)

obj = $(patsubst user/%.c,$(BUILD)/user/%.o,$(1))

agent_libs := -lxdp -lbpf -lyaml -lmaxminddb -ljansson -luv -lmicrohttpd -lcap-ng -lpcre2-8 -lsqlite3 -lm -lelf -lz
cli_libs   := -lbpf -lyaml -lmaxminddb -ljansson -lcurl -lpcap -lpcre2-8 -lsqlite3 -lm -lelf -lz
web_libs   := -lmicrohttpd -ljansson -lcurl -lcap-ng
feed_libs  := -ljansson -lcurl -lz
notify_libs := -ljansson -lcurl
log_libs   := -ljansson -lpcre2-8

# The agent starts feed workers and judges what they bring; only a worker, unprivileged, meets the network.
feed_worker := $(addprefix user/feeds/,main.c fetch.c fetch_file.c inflate.c md5.c origin.c sandbox.c try.c work.c)

# The agent writes what is to be told; only a worker meets the server or the program.
notify_agent := $(addprefix user/notify/,job.c payload.c)

# The agent writes a log worker's job and reads its records; lines are read by the worker alone.
log_agent  := $(addprefix user/logs/,job_encode.c record.c)

agent_objs := $(call obj,$(lib_src) $(policy_src) $(log_agent) $(notify_agent) $(filter-out $(feed_worker),$(feeds_src)) $(kern_src) $(observe_src) $(history_src) $(agent_src))
# The CLI reaches into kern/ for one thing: replay runs the real program without an agent.
cli_kern   := $(filter-out $(addprefix user/kern/,attach.c chain.c hook.c link.c),$(kern_src))
cli_objs   := $(call obj,$(lib_src) $(policy_src) $(cli_kern) $(observe_src) $(ctl_src) $(waf_src) $(history_src) $(cli_src))
web_objs   := $(call obj,$(lib_src) $(ctl_src) $(web_src))
feed_objs  := $(call obj,$(lib_src) $(addprefix user/policy/,feed_format.c prefixes.c setfile.c tier.c) $(feeds_src))

notify_objs := $(call obj,$(lib_src) $(addprefix user/feeds/,origin.c sandbox.c) $(filter-out %/payload.c,$(notify_src)))
log_objs   := $(call obj,$(lib_src) $(addprefix user/policy/,log_regex.c prefixes.c words.c) \
		       $(filter-out %/job_encode.c,$(logs_src)))

bpf_skeletons := $(BUILD)/skel/flood.skel.h $(BUILD)/skel/clock.skel.h

# ---- rules ---------------------------------------------------------------------------------------
all: missing $(BUILD)/floodwalld $(BUILD)/floodwall $(BUILD)/floodwall-web $(BUILD)/floodwall-feed $(BUILD)/floodwall-log $(BUILD)/floodwall-notify ## build everything (default)

# A flags change rebuilds: every object depends on this stamp.
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(BUILD)
	$(Q)echo '$(CC) $(CFLAGS) $(FW_CFLAGS) $(LDFLAGS) $(BPF_CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS) $(FW_CFLAGS) $(LDFLAGS) $(BPF_CFLAGS)' > $@
.PHONY: FORCE

missing:
	$(Q)tools/missing $(CC) $(CLANG) $(BPFTOOL)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(BUILD)/skel/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(call obj,$(kern_src)): $(bpf_skeletons)

$(BUILD)/user/%.o: user/%.c $(BUILD)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(FW_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/floodwalld: $(agent_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(agent_libs)

$(BUILD)/floodwall: $(cli_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(cli_libs)

$(BUILD)/floodwall-web: $(web_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(web_libs)

$(BUILD)/floodwall-feed: $(feed_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(feed_libs)

$(BUILD)/floodwall-notify: $(notify_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(notify_libs)

$(BUILD)/floodwall-log: $(log_objs)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -o $@ $(log_libs)

# ---- tests, tools, bench, demo -------------------------------------------------------------------
-include tests/tests.mk
-include tests/vm.mk
-include tools/tools.mk

# ---- meta ----------------------------------------------------------------------------------------
lint: ## include direction, banned calls, formatting, shellcheck
	$(Q)tools/lint

fmt: ## reformat all C files
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

programs := floodwalld floodwall floodwall-web floodwall-feed floodwall-log floodwall-notify
share     = $(DESTDIR)$(PREFIX)/share

# An existing policy is never touched. The agent is not started: `systemctl enable --now floodwalld` does.
install: all ## into $(DESTDIR)$(PREFIX), policy into $(DESTDIR)/etc/floodwall, with the systemd unit
	install -d $(DESTDIR)$(PREFIX)/bin $(share)/floodwall/sets $(share)/floodwall/examples $(share)/man/man1 \
		$(share)/bash-completion/completions $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)/etc/floodwall
	install -m 755 $(addprefix $(BUILD)/,$(programs)) $(DESTDIR)$(PREFIX)/bin
	install -m 644 configs/signatures.yaml configs/reference.yaml $(share)/floodwall
	install -m 644 configs/sets/*.txt $(share)/floodwall/sets
	install -m 644 configs/examples/*.yaml $(share)/floodwall/examples
	install -m 644 configs/floodwalld.service $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(BUILD)/floodwall man > $(share)/man/man1/floodwall.1
	$(BUILD)/floodwall completion bash > $(share)/bash-completion/completions/floodwall
	test -e $(DESTDIR)/etc/floodwall/floodwall.yaml || \
		install -m 640 configs/minimal.yaml $(DESTDIR)/etc/floodwall/floodwall.yaml

uninstall: ## what install put there, but not /etc/floodwall
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(programs)) $(DESTDIR)$(PREFIX)/lib/systemd/system/floodwalld.service \
		$(share)/man/man1/floodwall.1 $(share)/bash-completion/completions/floodwall
	rm -rf $(share)/floodwall

clean: ## remove $(BUILD)
	$(Q)rm -rf $(BUILD)

help: ## this text
	$(Q)grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sort | \
		awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
