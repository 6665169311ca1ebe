# SPDX-License-Identifier: Apache-2.0
# What fuzz targets need beyond the pure rooms: the CLI's capture reader and renderers, the agent's readers of requests.
# tests.mk builds tests/fuzz/fuzz_*.c; `make fuzz FUZZ_SECONDS=N` and `make check` run them over tests/fuzz/corpus/.
fuzz_extra := $(wildcard user/cli/show_*.c) $(addprefix user/cli/,capture.c chart.c diags.c page.c plain.c table.c tally.c wrap.c) \
	      $(addprefix user/agent/,answer.c request.c sources.c)

$(BUILD)/fuzz.a: $(patsubst user/%.c,$(BUILD)/fuzz/%.o,$(fuzz_extra))
