# The shipped rules, looked at by the program as a user would: what is wrong with them, and the cases beside them.
. .ci/stages/lib.sh
conftrail=$TARGET/debug/conftrail
shopt -s nullglob
shipped=(rules/*.yaml)
if [ ${#shipped[@]} = 0 ]; then
  note "no shipped rules in rules/"
  exit 0
fi
run "$conftrail" rules lint rules --fatal
run "$conftrail" rules test rules
note "${#shipped[@]} files"
