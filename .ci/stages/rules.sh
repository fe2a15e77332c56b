# The shipped rules, checked by the program as a user would: in a configuration of their own, with a directory as the source.
. .ci/stages/lib.sh
conftrail=$TARGET/debug/conftrail
shopt -s nullglob
shipped=(rules/*.yaml)
if [ ${#shipped[@]} = 0 ]; then
  note "no shipped rules in rules/"
  exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/watched"
cat >"$dir/conftrail.yaml" <<YAML
data_dir: $dir/data
sources:
  - { name: watched, kind: files, path: $dir/watched, include: ["**/*.yaml"] }
rules: { dir: $PWD/rules }
YAML
run "$conftrail" check -c "$dir/conftrail.yaml"
# `rules test` runs the tests that lie beside the rules, once the program has that command.
if "$conftrail" rules test --help >/dev/null 2>&1; then
  run "$conftrail" rules test rules
fi
note "${#shipped[@]} files"
