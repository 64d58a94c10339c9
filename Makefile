# The front door. Each target installs what it needs (tools/packages) and says so.
BUILD := build
NINJA := ninja -C $(BUILD)

.PHONY: all test demo bench lint format install clean

all: $(BUILD)/build.ninja
	@$(NINJA) merlon

$(BUILD)/build.ninja:
	@tools/setup build
	@meson setup $(BUILD) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

test:
	@tools/setup build test
	@tools/run-tests $(BUILD)

demo:
	@tools/setup build demo
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)/merlon

bench:
	@tools/setup build test
	@tools/run-bench

lint:
	@tools/setup build test lint
	@tools/run-lint

format:
	@clang-format -i $$(git ls-files 'src/*.[ch]' 'src/*.cc' 'tests/*.[ch]' 'bench/*.c')

install: all
	@meson install -C $(BUILD)

clean:
	rm -rf $(BUILD)
