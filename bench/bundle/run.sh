#!/usr/bin/env bash
# Builds the bridge to this machine's torch, then tests and measures the kernels on its GPU. `./run.sh --help` tells more.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
app=$here/app
all_steps="build plan python-tests gpu-tests repeats bench train host-bench tune sanitizer"

usage() {
    cat <<USAGE
Usage: ./run.sh [--only STEP,...] [--minutes N] [--out DIR] [--cpu-check] [--no-cmake]

Needs: Linux on x86-64, a Python with torch 2.x for CUDA (KD_PYTHON names it, else python3), g++. No .NET, no network, no root.

Steps, in this order; a failed one is reported and the others still run:
  build         libkdtorch against that torch (cmake if there is one, else g++ alone); always made
  plan          what the library launches for every measured case, asked of the library itself; always made
  python-tests  the harness's own tests, without a GPU
  gpu-tests     every op and dtype on CUDA tensors against float64 oracles, large indices, memory, errors
  repeats       20 bitwise repeats, order on two streams, CUDA-graph capture and replay
  bench         ours and the peers (eager, torch.compile, cuBLAS, torch.func, Triton, Liger, our algorithms in CUDA C++)
                alternating in one process, the most telling cases first, and a table of the goals at the end
  train         kd train on the GPU against the same run on the CPU, and against composed operations; the time of a distillation
                step with kernels and with composed operations
  host-bench    some ops called from C#: host time and full autograd
  tune          every kernel variant and grid that the launchers accept for a shape, timed
  sanitizer     compute-sanitizer's four tools over a small set of the GPU tests, where it is installed

  --minutes N   stop starting work after N minutes (default 25), which the steps share; what did not run counts as failed
  --match TEXT  measure only cases whose name contains TEXT ("tempered-kl [8192"; several with ; between them)
  --out DIR     logs, summary.json, records (default ./results)
  --cpu-check   what works without a GPU: the build, the programs, the harness on CPU tensors
  --no-cmake    build with g++ alone although cmake is there
The exit status is 0 only if every step that was asked for passed.
Short of device time, two runs: ./run.sh --minutes 9 --only gpu-tests,repeats,bench
                                ./run.sh --minutes 5 --only train,tune --out results-2
USAGE
}

stop() { printf 'run.sh: %s\n' "$*" >&2; exit 2; }
say() { printf '[%s] %s\n' "$(date +%H:%M:%S)" "$*"; }

only= minutes=25 out=$here/results cpu_check= use_cmake=1 match=
while [ $# -gt 0 ]; do
    case $1 in
        --only) [ $# -gt 1 ] || stop "--only needs a list of steps."; only=${2//,/ }; shift 2 ;;
        --minutes)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || stop "--minutes needs a whole number above 0 but got '${2:-}'."
            minutes=$2; shift 2 ;;
        --out) [ $# -gt 1 ] || stop "--out needs a folder."; out=$2; shift 2 ;;
        --match) [ $# -gt 1 ] || stop "--match needs a text."; match=$2; shift 2 ;;
        --cpu-check) cpu_check=1; shift ;;
        --no-cmake) use_cmake=; shift ;;
        -h | --help) usage; exit 0 ;;
        *) stop "there is no option '$1'; see ./run.sh --help." ;;
    esac
done
for step in $only; do
    [[ " $all_steps " == *" $step "* ]] || stop "there is no step '$step'; expected some of: $all_steps."
done
if [ -n "$only" ]; then
    steps="build plan"
    for step in $all_steps; do
        [[ " build plan " == *" $step "* ]] || [[ " $only " != *" $step "* ]] || steps="$steps $step"
    done
elif [ -n "$cpu_check" ]; then
    steps="build plan python-tests gpu-tests bench train host-bench tune"
else
    steps=$all_steps
fi
mkdir -p "$out" || stop "cannot write to '$out'."
out=$(cd "$out" && pwd)
deadline=$(($(date +%s) + minutes * 60))

# ---- this machine ------------------------------------------------------------------------------------------------

command -v g++ >/dev/null || stop "g++ is missing; it compiles the bridge between the programs and torch."
python=${KD_PYTHON:-python3}
command -v "$python" >/dev/null || stop "'$python' was not found; KD_PYTHON can name a Python that has torch."

# Version, C++ ABI, whether CUDA answers, the package's folder, the folders with CUDA's own libraries.
facts=$("$python" - 2>"$out/python.log" <<'PYTHON'
import glob, os
import torch
package = os.path.dirname(torch.__file__)
libraries = sorted(glob.glob(os.path.join(os.path.dirname(package), "nvidia", "*", "lib")))
print(torch.__version__, int(torch.compiled_with_cxx11_abi()), int(torch.cuda.is_available()))
print(package)
print(":".join(libraries))
PYTHON
) || stop "'$python' cannot import torch ($(tail -n 1 "$out/python.log")); KD_PYTHON can name another Python."
{ read -r torch_version torch_abi torch_cuda; read -r torch_package; read -r cuda_libraries; } <<<"$facts"

find_libtorch() {
    local prefix lib
    for prefix in ${LIBTORCH:+"$LIBTORCH"} "$torch_package"; do
        if [ -e "$prefix/lib/libtorch_cpu.so" ] && [ -e "$prefix/include/torch/library.h" ]; then
            torch_include=$prefix/include torch_lib=$prefix/lib
            return
        fi
    done
    # A distribution's torch keeps its library and headers with the system's.
    for lib in /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib /usr/local/lib; do
        if [ -e "$lib/libtorch_cpu.so" ] && [ -e "${lib%%/lib*}/include/torch/library.h" ]; then
            torch_include=${lib%%/lib*}/include torch_lib=$lib
            return
        fi
    done
    stop "no libtorch with headers: looked in ${LIBTORCH:+$LIBTORCH, }$torch_package and the system's library folders."
}
find_libtorch

# For our programs only: Python finds its own libraries, and another order of folders could give it others.
program_libraries=$torch_lib${cuda_libraries:+:$cuda_libraries}
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
    [ ! -e "$folder/libcuda.so.1" ] || program_libraries=$program_libraries:$folder
done
program_libraries=$program_libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

program() { # name, arguments: one of our programs with its environment
    local name=$1
    shift
    env LD_LIBRARY_PATH="$program_libraries" KD_LIBKDTORCH="$out/native/libkdtorch.so" KD_COMMAND="$app/kd" \
        DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 \
        "$app/$name" "$@"
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

gpu_facts() {
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem,temperature.gpu,power.draw,clocks_throttle_reasons.active \
        --format=csv,noheader 2>/dev/null || echo "nvidia-smi is missing or sees no device"
}

# ---- steps -------------------------------------------------------------------------------------------------------
# Each runs under `timeout` in a shell of its own with its output in a log; status 77 says "not applicable here".

step_build() {
    local key
    key="$torch_version $torch_lib cmake=$use_cmake $(cat "$here"/native/src/* "$here"/native/include/* | sha256sum)"
    if [ "$(cat "$out/native/built-for" 2>/dev/null)" = "$key" ]; then
        echo "built before for this torch"
    else
        rm -rf "$out/native"
        mkdir -p "$out/native"
        build_bridge || return 1
        printf %s "$key" >"$out/native/built-for"
    fi
    LD_LIBRARY_PATH=$program_libraries "$out/native/smoke" && program kd list recipes && program kd doctor
}

build_bridge() {
    local sources=$here/native
    if [ -n "$use_cmake" ] && command -v cmake >/dev/null; then
        echo "cmake: $(cmake --version | head -n 1)"
        rm -rf "$out/native-build"
        cmake -S "$sources" -B "$out/native-build" -DCMAKE_BUILD_TYPE=Release -DKD_TORCH_INCLUDE="$torch_include" \
            -DKD_TORCH_LIB="$torch_lib" -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$out/native" &&
            cmake --build "$out/native-build" --parallel "$(nproc)" || return 1
        cp "$out/native-build/smoke" "$out/native/smoke" || return 1
    else
        echo "g++ alone: $(g++ --version | head -n 1)"
        local flags="-std=c++20 -O2 -DNDEBUG -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -D_GLIBCXX_USE_CXX11_ABI=$torch_abi"
        local source job failed=0 jobs=()
        for source in "$sources"/src/*.cpp; do
            g++ $flags -I"$sources/include" -isystem "$torch_include" -isystem "$torch_include/torch/csrc/api/include" \
                -c "$source" -o "$out/native/$(basename "$source" .cpp).o" &
            jobs+=($!)
        done
        for job in "${jobs[@]}"; do wait "$job" || failed=1; done
        [ $failed = 0 ] || return 1
        g++ -shared "$out"/native/*.o -o "$out/native/libkdtorch.so" "$torch_lib/libtorch_cpu.so" "$torch_lib/libc10.so" -ldl \
            -Wl,--no-undefined -Wl,--as-needed -Wl,--version-script="$sources/src/exports.map" -Wl,-rpath,"$torch_lib" || return 1
        g++ -std=c++20 -O2 -I"$sources/include" "$sources/tests/smoke.cpp" -o "$out/native/smoke" "$out/native/libkdtorch.so" \
            -Wl,--unresolved-symbols=ignore-in-shared-libs -Wl,-rpath,"$out/native" || return 1
    fi
}

step_plan() { program KdKernels.Bench plan --out "$out/plans.json"; }

step_python_tests() {
    # For a described GPU: the driver compiles nothing for it.
    program KdKernels.Bench plan --all-variants --device-info 132,60,90 --out "$out/plans-tests.json" || return 1
    (cd "$here/peers" && KD_PLAN="$out/plans-tests.json" "$python" -m unittest discover -p 'test_*.py')
}

step_gpu_tests() {
    program KdKernels.Gpu --groups oracle,layouts,memory,errors,large --json "$out/gpu-tests.jsonl"
    local status=$?
    # Without a device the program says so and ends with 4: expected in a check without one, a failure otherwise.
    [ -n "$cpu_check" ] && [ "$torch_cuda" = 0 ] || return $status
    # The same tests on CPU tensors, as far as they make sense there, show that at least the tests are right.
    [ $status = 4 ] && program KdKernels.Gpu --device cpu --quick --json "$out/gpu-tests.jsonl"
}

step_repeats() { program KdKernels.Gpu --groups repeats,streams,graphs --json "$out/repeats.jsonl"; }

step_sanitizer() {
    local tool sanitizer= failed=0 candidate
    for candidate in "$(command -v compute-sanitizer)" /usr/local/cuda/bin/compute-sanitizer /opt/cuda/bin/compute-sanitizer; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then sanitizer=$candidate; break; fi
    done
    [ -n "$sanitizer" ] || { echo "compute-sanitizer is not installed"; return 77; }
    "$sanitizer" --version
    for tool in memcheck racecheck initcheck synccheck; do
        echo "== $tool"
        # Without torch's cache every tensor is an allocation of its own, so that an access beyond its end is seen.
        PYTORCH_NO_CUDA_MEMORY_CACHING=1 program_under "$sanitizer" --tool "$tool" --error-exitcode 9 \
            -- --groups oracle,layouts --quick --json "$out/sanitizer-$tool.jsonl" || { echo "$tool: FAILED"; failed=1; }
    done
    return $failed
}

program_under() { # a program with its options, then --, then arguments of the GPU tests
    local wrapper=()
    while [ "$1" != -- ]; do wrapper+=("$1"); shift; done
    shift
    env LD_LIBRARY_PATH="$program_libraries" KD_LIBKDTORCH="$out/native/libkdtorch.so" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
        DOTNET_EnableDiagnostics=0 OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 "${wrapper[@]}" "$app/KdKernels.Gpu" "$@"
}

# What the Python harness is told: where the kernels are, whose commit this is, and what to measure.
peers() {
    local script=$1
    shift
    "$python" "$here/peers/$script" --ptx "$here/ptx" --stamp "$here/stamp.json" --match "$match" ${cpu_check:+--device cpu} "$@"
}

step_bench() {
    # Compiling takes seconds for each case: a short run does it where a goal compares with it.
    peers bench.py --plan "$out/plans.json" --twins "$here/native/twins" --out "$out/records-peers.jsonl" \
        --compile "$([ "$minutes" -ge 20 ] && echo all || echo goals)" --seconds "$(left 80)"
}

step_tune() {
    program KdKernels.Bench plan --all-variants --out "$out/plans-all.json" || return 1
    peers tune.py --plan "$out/plans-all.json" --out "$out/tune.jsonl" --seconds "$(left 80)"
}

step_host_bench() {
    [ -z "$cpu_check" ] || { program KdKernels.Bench --help; return; }
    program KdKernels.Bench gpu --json --stamp "$here/stamp.json" --out "$out/records-host.jsonl"
}

step_train() {
    local device=cuda:0
    [ -z "$cpu_check" ] || device=cpu
    rm -rf "$out/train-cpu" "$out/train-gpu" "$out/train-composed"
    program kd train --quick --plain -s device=cpu -o "$out/train-cpu" || return 1
    # tf32 would round what the CPU does not.
    NVIDIA_TF32_OVERRIDE=0 program kd train --quick --plain -s device=$device -o "$out/train-gpu" || return 1
    NVIDIA_TF32_OVERRIDE=0 program kd train --quick --plain -s device=$device -s distill.ops=composed -o "$out/train-composed" ||
        return 1
    echo "$device against the CPU:"
    "$python" "$here/peers/compare_runs.py" "$out/train-cpu/metrics.jsonl" "$out/train-gpu/metrics.jsonl" || return 1
    echo "composed operations against the kernels:"
    "$python" "$here/peers/compare_runs.py" "$out/train-gpu/metrics.jsonl" "$out/train-composed/metrics.jsonl" || return 1
    program KdKernels.Bench distill-step --device $device
}

left() { # whole seconds up to the step's limit, in percent of them
    local seconds=$(((step_until - $(date +%s)) * $1 / 100))
    echo $((seconds > 1 ? seconds : 1))
}

# ---- running them ------------------------------------------------------------------------------------------------

record() { # step, status, exit code, seconds, detail
    "$python" - "$@" <<'PYTHON' | tee "$out/$1.json" >>"$out/summary.jsonl"
import json, sys
step, status, code, seconds, detail = sys.argv[1:]
print(json.dumps({"step": step, "status": status, "exit": int(code), "seconds": float(seconds), "detail": detail}))
PYTHON
}

weight_of() { # a step's share of the time, relative to the others
    case $1 in build | plan) echo 0 ;; python-tests) echo 12 ;; gpu-tests) echo 30 ;; repeats) echo 12 ;; bench) echo 60 ;;
        train) echo 20 ;; host-bench) echo 12 ;; tune) echo 20 ;; sanitizer) echo 40 ;; esac
}

# Seconds for a step: of what is left, its share among those still to come, so that what one does not need goes to the others.
# The last one gets everything. Building takes what it takes, and so does planning, where the driver compiles the kernels that
# it is asked about; it keeps them for the steps that follow.
cap_of() {
    local step=$1 remaining=$2 mine sum=0 other seen=
    [[ " build plan " != *" $step "* ]] || { echo 300; return; }
    mine=$(weight_of "$step")
    for other in $steps; do
        [ "$other" != "$step" ] || seen=1
        [ -z "$seen" ] || sum=$((sum + $(weight_of "$other")))
    done
    echo $((remaining * mine / sum))
}

run_step() {
    local step=$1 log=$out/$1.log started now status seconds detail
    started=$(date +%s)
    local remaining=$((deadline - started)) cap
    cap=$(cap_of "$step" $((remaining > 0 ? remaining : 0)))
    if [ "$cap" -lt 5 ]; then
        record "$step" failed 124 0 "not run: the $minutes minutes were over"
        say "$step: NOT RUN, the $minutes minutes were over"
        return 1
    fi
    step_until=$((started + cap))
    say "$step ..."
    # A shell of its own under `timeout`, so that a step that hangs is ended with all that it started.
    timeout --kill-after=10 "$cap" bash -c "step_until=$step_until; $(declare -f); step_${step//-/_}" >"$log" 2>&1
    status=$?
    now=$(date +%s)
    seconds=$((now - started))
    detail=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1 | cut -c1-300)
    case $status in
        0) record "$step" passed 0 $seconds "$detail"; say "$step: passed in $seconds s: $detail" ;;
        77) record "$step" skipped 77 $seconds "$detail"; say "$step: skipped: $detail" ;;
        124 | 137) record "$step" failed $status $seconds "ended after $cap s: $detail"; say "$step: FAILED, ended after $cap s ($log)"; return 1 ;;
        *) record "$step" failed $status $seconds "$detail"; say "$step: FAILED ($status): $detail ($log)"; tail -n 15 "$log" | sed 's/^/    /'; return 1 ;;
    esac
}

export match minutes here app out python torch_version torch_abi torch_cuda torch_include torch_lib program_libraries cpu_check use_cmake
: >"$out/summary.jsonl"
{
    cat "$here/stamp.json"
    echo "torch $torch_version, ABI $torch_abi, CUDA $torch_cuda, $torch_lib"
    uname -srm
    gpu_facts
} | tee "$out/machine.txt"
[ -n "$cpu_check" ] || [ "$torch_cuda" = 1 ] || say "torch sees no CUDA device: the steps that need one will fail (--cpu-check runs the others)"

failed=0
for step in $steps; do
    run_step "$step" || failed=$((failed + 1))
    [[ " build plan " != *" $step "* ]] || [ $failed = 0 ] || { say "nothing runs without the bridge and the plan"; break; }
done
gpu_facts | tee -a "$out/machine.txt"
say "$(grep -c '"passed"' "$out/summary.jsonl") passed, $failed failed, $(grep -c '"skipped"' "$out/summary.jsonl") skipped; all of it is in $out"
[ $failed = 0 ]
