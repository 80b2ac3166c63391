#!/usr/bin/env bash
# `./kd bundle [--out FILE]`: packs what a GPU machine needs that has a Python torch and g++, but no .NET and no network.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
limit=$((50 * 1000 * 1000))
out=$root/artifacts/kdkernels-gpu.tar.gz
name=kdkernels-gpu

say() { printf 'kd bundle: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --out) [ $# -gt 1 ] || stop "--out needs a file name."; out=$(realpath -m "$2"); shift 2 ;;
        -h | --help) printf 'Usage: ./kd bundle [--out FILE]    (default: artifacts/%s.tar.gz)\n' "$name"; exit 0 ;;
        *) stop "there is no option '$1'; see ./kd bundle --help." ;;
    esac
done

work=$root/artifacts/bundle
stage=$work/$name
rm -rf "$stage"
mkdir -p "$stage/app" "$stage/results" "$(dirname "$out")"

# One folder for all programs: they share the runtime, which is most of the archive.
publish() {
    say "publishing $1"
    (cd "$root" && dotnet publish "$1" -c Release -r linux-x64 --self-contained -o "$stage/app" -p:ForBundle=true -p:DebugType=none \
        -p:PublishReadyToRun=false -p:RunAnalyzers=false -v quiet -nologo --disable-build-servers) >"$work/publish.log" 2>&1 ||
        { grep -E 'error|warn' "$work/publish.log" | sort -u | head -n 20 >&2; stop "publishing failed (whole log: $work/publish.log)."; }
}
publish src/KdKernels.Cli
publish bench/KdKernels.Bench
publish tests/KdKernels.Gpu
# Built for this machine's libtorch; run.sh builds another one.
rm -f "$stage/app/libkdtorch.so" "$stage"/app/*.pdb "$stage"/app/*.xml

cp -r "$root/native" "$stage/native"
mkdir -p "$stage/ptx" "$stage/peers"
[ ! -d "$root/kernels/ptx" ] || cp -r "$root/kernels/ptx/." "$stage/ptx/"
(cd "$root/bench/peers" && find . -name '*.py' -exec cp --parents -t "$stage/peers" {} +)
cp "$root/bench/bundle/run.sh" "$root/bench/bundle/README.txt" "$root/LICENSE" "$stage/"
chmod +x "$stage/run.sh"

commit=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null)" ] || commit=$commit-modified
manifest=none
[ ! -e "$stage/ptx/manifest.json" ] || manifest=$(sha256sum "$stage/ptx/manifest.json" | cut -d' ' -f1)
[ "$manifest" != none ] || say "kernels/ptx has no manifest: this archive can test nothing on a GPU."
printf '{"commit": "%s", "ptx_manifest_sha256": "%s", "packed_utc": "%s", "dotnet_sdk": "%s"}\n' \
    "$commit" "$manifest" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cd "$root" && dotnet --version)" >"$stage/stamp.json"

tar -C "$work" --owner=0 --group=0 --numeric-owner --sort=name -cf - "$name" | gzip -9 >"$out"
size=$(stat -c %s "$out")
[ "$size" -le "$limit" ] || stop "$out has $size bytes, more than the $limit allowed."
say "$out: $((size / 1000000)) MB, commit ${commit:0:12}"
say "on the GPU machine: tar xzf $(basename "$out") && cd $name && ./run.sh"
