#!/usr/bin/env bash
# Trains, evaluates and exports in one go, the second of the two commands that reproduce the weights.
#   usage: train_and_export.sh NAME PACK OUT [more arguments of train.py, such as --resume old/checkpoint.pt]
# NAME: a settings file in configs/ without .json. OUT gets checkpoint.pt, log.jsonl, run.json, curve.png,
# table.md, table.json, NAME.param and NAME.bin.
set -euo pipefail
name=$1 pack=$2 out=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
"$python" "$here/train.py" --config "$here/configs/$name.json" --pack "$pack" --out "$out" "$@"
"$python" "$here/export_ncnn.py" --checkpoint "$out/checkpoint.pt" --out "$out" --name "$name"
"$python" "$here/plot_log.py" --log "$out/log.jsonl" --out "$out/curve.png"
"$python" "$here/evaluate.py" --pack "$pack" --checkpoint "$out/checkpoint.pt" --json "$out/table.json" > "$out/table.md"
cat "$out/table.md"
