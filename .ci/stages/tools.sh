# What the other stages call: installed with apt-get where it is missing and we are root.
. .ci/stages/lib.sh
SCRIPT_NAME=tools
. .ci/servers/lib.sh

need_tool git git
need_tool python3 python3
need_tool cc gcc
# gcc without recommended packages comes without the headers of the C library.
printf '#include <stdlib.h>\n' | cc -E - >/dev/null 2>&1 || apt_install libc6-dev || fail "the C compiler finds no stdlib.h: install libc6-dev"

if ! command -v cargo >/dev/null 2>&1; then
  apt_install rustup || fail "cargo is missing: install Rust with rustup and run again (rust-toolchain.toml names the version)"
fi
# rust-toolchain.toml names version and components; rustup may have been told not to install by itself.
if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
  command -v rustup >/dev/null 2>&1 || fail "this cargo has no rustfmt or clippy: install Rust with rustup and run again"
  channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  run rustup toolchain install "$channel" --profile minimal --component rustfmt --component clippy
fi
note "$(cargo --version), $(cc --version | head -n 1), $(python3 --version), $(nproc) cores"
