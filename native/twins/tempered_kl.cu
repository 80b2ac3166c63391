// TemperedKl at BatchMean with the student's gradient, as it would be written in CUDA C++: the algorithm of
// kernels/KdKernels.Kernels/Device/Kl (row pair in registers, read once), for the comparison in bench/peers alone. Rows are
// contiguous, equally aligned to 16 bytes and a whole number of vectors long; the library's kernels take more than that.
#include <cuda_bf16.h>
#include <cstdint>

namespace {

constexpr float kLn2 = 0.69314718055994530942f;
constexpr float kLog2E = 1.44269504088896340736f;
constexpr float kLowest = -3.402823466e38f;

struct Arguments {
    const void* student;
    const void* teacher;
    void* gradient;
    float* loss;
    double* partials;
    unsigned* counter;
    int rows;
    int classes;
    float scale;            // log2(e) / T
    float loss_factor;      // T^2
    float gradient_factor;  // T / rows
};

// ---- elements: sixteen bytes at a time, arithmetic in float ------------------------------------------------------

struct Float32 {
    static constexpr int per_vector = 4;
    // Below, the sums lose more by cancellation than a second pass over the registers costs.
    static constexpr float small_divergence = 0.1f;

    static __device__ void unpack(uint4 v, float (&out)[4]) {
        out[0] = __uint_as_float(v.x);
        out[1] = __uint_as_float(v.y);
        out[2] = __uint_as_float(v.z);
        out[3] = __uint_as_float(v.w);
    }

    static __device__ uint4 pack(const float (&in)[4]) {
        return {__float_as_uint(in[0]), __float_as_uint(in[1]), __float_as_uint(in[2]), __float_as_uint(in[3])};
    }
};

struct BFloat16 {
    static constexpr int per_vector = 8;
    static constexpr float small_divergence = 0.06f;

    static __device__ void unpack(uint4 v, float (&out)[8]) {
        const unsigned words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            out[2 * i] = __uint_as_float(words[i] << 16);
            out[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
        }
    }

    static __device__ uint4 pack(const float (&in)[8]) {
        unsigned words[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const __nv_bfloat162 pair = __floats2bfloat162_rn(in[2 * i], in[2 * i + 1]);
            words[i] = *reinterpret_cast<const unsigned*>(&pair);
        }
        return {words[0], words[1], words[2], words[3]};
    }
};

// Read once: past L1.
__device__ uint4 load(const uint4* p) {
    uint4 v;
    asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
    return v;
}

__device__ float exp2_fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// ---- who shares a row --------------------------------------------------------------------------------------------

template <typename F>
__device__ float warp_all(float v, F f) {
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) v = f(v, __shfl_xor_sync(0xffffffffu, v, step));
    return v;
}

struct Max {
    __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
    static constexpr float identity = kLowest;
};

struct Sum {
    __device__ float operator()(float a, float b) const { return a + b; }
    static constexpr float identity = 0.0f;
};

struct Warp {
    static constexpr int threads = 32;
    static __device__ int rank() { return threadIdx.x & 31; }

    template <typename F, int N>
    __device__ void all(float (&values)[N], F f) {
#pragma unroll
        for (int i = 0; i < N; ++i) values[i] = warp_all(values[i], f);
    }
};

template <int Threads>
struct Block {
    static constexpr int threads = Threads;
    static constexpr int warps = Threads / 32;
    float* shared;  // 2 * 3 * warps: reductions take turns between the halves, so that one barrier each is enough
    int turn = 0;

    static __device__ int rank() { return threadIdx.x; }

    template <typename F, int N>
    __device__ void all(float (&values)[N], F f) {
        float* mine = shared + turn * 3 * warps;
        turn ^= 1;
#pragma unroll
        for (int i = 0; i < N; ++i) {
            values[i] = warp_all(values[i], f);
            if ((threadIdx.x & 31) == 0) mine[i * warps + (threadIdx.x >> 5)] = values[i];
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < N; ++i) {
            const int lane = threadIdx.x & 31;
            values[i] = warp_all(lane < warps ? mine[i * warps + lane] : F::identity, f);
        }
    }
};

// ---- a row -------------------------------------------------------------------------------------------------------

// e^(-w) - 1 + w and e^(-w) - 1 without cancellation.
__device__ float gap(float w) {
    return fabsf(w) < 0.1f
        ? w * w * (0.5f + w * (-1.0f / 6 + w * (1.0f / 24 + w * (-1.0f / 120 + w * (1.0f / 720)))))
        : exp2_fast(-w * kLog2E) - 1.0f + w;
}

__device__ float expm1_of_minus(float w) {
    return fabsf(w) < 0.1f
        ? w * (-1.0f + w * (0.5f + w * (-1.0f / 6 + w * (1.0f / 24 + w * (-1.0f / 120)))))
        : exp2_fast(-w * kLog2E) - 1.0f;
}

// Returns the row's divergence in nats; writes its gradient.
template <typename E, typename Group, int Vectors, bool WithGradient>
__device__ float row(const Arguments& a, Group& group, int64_t r) {
    constexpr int N = E::per_vector;
    const int vectors = a.classes / N;
    const uint4* student = static_cast<const uint4*>(a.student) + r * vectors;
    const uint4* teacher = static_cast<const uint4*>(a.teacher) + r * vectors;
    uint4* gradient = static_cast<uint4*>(a.gradient) + r * vectors;

    uint4 s_bits[Vectors], t_bits[Vectors];
#pragma unroll
    for (int v = 0; v < Vectors; ++v) {
        const int at = group.rank() + v * Group::threads;
        if (at < vectors) {
            s_bits[v] = load(student + at);
            t_bits[v] = load(teacher + at);
        }
    }
    // Calls f(s, t, v, i) for what this thread holds.
    auto each = [&](auto f, auto end) {
#pragma unroll
        for (int v = 0; v < Vectors; ++v) {
            const int at = group.rank() + v * Group::threads;
            if (at < vectors) {
                float s[N], t[N], out[N];
                E::unpack(s_bits[v], s);
                E::unpack(t_bits[v], t);
#pragma unroll
                for (int i = 0; i < N; ++i) out[i] = f(s[i], t[i]);
                end(at, out);
            }
        }
    };
    auto nothing = [](int, const float (&)[N]) {};
    auto store = [&](int at, const float (&out)[N]) { __stcs(gradient + at, E::pack(out)); };

    float top[2] = {kLowest, kLowest};
    each([&](float s, float t) { top[0] = fmaxf(top[0], s); top[1] = fmaxf(top[1], t); return 0.0f; }, nothing);
    group.all(top, Max());

    float sums[3] = {};  // Q, S, U
    each([&](float s, float t) {
        const float b = s - top[0], d = t - top[1];
        const float p = exp2_fast(d * a.scale);
        sums[0] += exp2_fast(b * a.scale);
        sums[1] += p;
        sums[2] += p * (d - b);
        return 0.0f;
    }, nothing);
    group.all(sums, Sum());
    const float log_q = log2f(sums[0]), log_p = log2f(sums[1]);
    const float mean = sums[2] / sums[1];
    float divergence = kLn2 * (mean * a.scale + (log_q - log_p));

    if (!(divergence < E::small_divergence)) {
        if (WithGradient) {
            each([&](float s, float t) {
                return a.gradient_factor
                    * (exp2_fast((s - top[0]) * a.scale - log_q) - exp2_fast((t - top[1]) * a.scale - log_p));
            }, store);
        }
        return divergence;
    }

    // A student near its teacher: from w = log p - log q, which is small, without a difference of what nearly agrees.
    const float origin = (top[1] - top[0]) + mean, slope = a.scale * kLn2;
    float careful[2] = {};
    each([&](float s, float t) {
        const float p = exp2_fast((t - top[1]) * a.scale - log_p), w = ((t - s) - origin) * slope;
        careful[0] += p * w;
        careful[1] += p * gap(w);
        return 0.0f;
    }, nothing);
    group.all(careful, Sum());
    const float y = careful[1] - careful[0];
    divergence = careful[1] - y * y * (0.5f + y * (-1.0f / 3 + y * (0.25f + y * (-0.2f + y * (1.0f / 6)))));
    const float shift = divergence - careful[0];
    if (WithGradient) {
        each([&](float s, float t) {
            const float p = exp2_fast((t - top[1]) * a.scale - log_p), w = ((t - s) - origin) * slope + shift;
            return a.gradient_factor * (p * expm1_of_minus(w));
        }, store);
    }
    return divergence;
}

// The block that is done last adds the tiles' sums in their order.
template <int Threads>
__device__ void finish(const Arguments& a, int tiles) {
    __shared__ bool last;
    __shared__ double sums[Threads / 32];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(a.counter, 1u) == gridDim.x - 1;
        __threadfence();
    }
    __syncthreads();
    if (!last) return;
    double sum = 0;
    for (int tile = threadIdx.x; tile < tiles; tile += Threads) sum += __ldcg(a.partials + tile);
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, step);
    if ((threadIdx.x & 31) == 0) sums[threadIdx.x >> 5] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
        double total = 0;
        for (int warp = 0; warp < Threads / 32; ++warp) total += sums[warp];
        *a.loss = static_cast<float>(total * a.loss_factor / a.rows);
        *a.counter = 0;
    }
}

template <typename E, int Vectors, bool WithGradient>
__device__ void warp_rows(const Arguments& a) {
    constexpr int rows_per_tile = 8;
    __shared__ float losses[rows_per_tile];
    const int tiles = (a.rows + rows_per_tile - 1) / rows_per_tile;
    const int warp = threadIdx.x >> 5;
    Warp group;
    for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const int64_t r = static_cast<int64_t>(tile) * rows_per_tile + warp;
        const float loss = r < a.rows ? row<E, Warp, Vectors, WithGradient>(a, group, r) : 0.0f;
        if (group.rank() == 0) losses[warp] = loss;
        __syncthreads();
        if (threadIdx.x == 0) {
            double sum = 0;
            for (int i = 0; i < rows_per_tile; ++i) sum += losses[i];
            a.partials[tile] = sum;
        }
        __syncthreads();
    }
    finish<32 * rows_per_tile>(a, tiles);
}

template <typename E, int Threads, int Vectors, bool WithGradient>
__device__ void block_rows(const Arguments& a) {
    __shared__ float shared[2 * 3 * (Threads / 32)];
    Block<Threads> group{shared};
    for (int r = blockIdx.x; r < a.rows; r += gridDim.x) {
        const float loss = row<E, Block<Threads>, Vectors, WithGradient>(a, group, r);
        if (threadIdx.x == 0) a.partials[r] = loss;
    }
    finish<Threads>(a, a.rows);
}

}  // namespace

#define PARAMETERS                                                                                                          \
    const void *student, const void *teacher, void *gradient, float *loss, double *partials, unsigned *counter, int rows,   \
        int classes, float scale, float loss_factor, float gradient_factor
#define ARGUMENTS                                                                                                           \
    Arguments { student, teacher, gradient, loss, partials, counter, rows, classes, scale, loss_factor, gradient_factor }

// Threads of a block, blocks of a multiprocessor that the registers must allow, vectors of a thread.
#define WARP_ROWS(name, element, blocks, vectors)                                                                           \
    extern "C" __global__ void __launch_bounds__(256, blocks) name##_forward(PARAMETERS) {                                  \
        warp_rows<element, vectors, false>(ARGUMENTS);                                                                      \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256, blocks) name##_gradient(PARAMETERS) {                                 \
        warp_rows<element, vectors, true>(ARGUMENTS);                                                                       \
    }
#define BLOCK_ROWS(name, element, threads, blocks, vectors)                                                                 \
    extern "C" __global__ void __launch_bounds__(threads, blocks) name##_forward(PARAMETERS) {                              \
        block_rows<element, threads, vectors, false>(ARGUMENTS);                                                            \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(threads, blocks) name##_gradient(PARAMETERS) {                             \
        block_rows<element, threads, vectors, true>(ARGUMENTS);                                                             \
    }

WARP_ROWS(tempered_kl_float32_warp_128, Float32, 3, 1)
WARP_ROWS(tempered_kl_float32_warp_1024, Float32, 2, 8)
WARP_ROWS(tempered_kl_bfloat16_warp_256, BFloat16, 3, 1)
WARP_ROWS(tempered_kl_bfloat16_warp_1024, BFloat16, 2, 4)
BLOCK_ROWS(tempered_kl_float32_block_8192, Float32, 512, 2, 4)
BLOCK_ROWS(tempered_kl_bfloat16_block_32768, BFloat16, 512, 1, 8)
