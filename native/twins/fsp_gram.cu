// FSP matrices in CUDA C++, as one would write them by hand: what the kernels of kernels/KdKernels.Kernels/FspGram are measured
// against. nvcc -cubin -arch=sm_90 fsp_gram.cu (or -ptx); launch with 128 threads (gram) or 256 (gradient), no dynamic shared memory.
//
//   gram_*(f1, f2, gram, parts, tickets, batch, c1, c2, pixels, splits, zero)
//     grid: batch * ceil(c1/64) * ceil(c2/64) * splits blocks
//     f1 [batch, c1, pixels], f2 [batch, c2, pixels]: planes of a multiple of 16 bytes at a multiple of 16
//     gram [batch, c1, c2] float32, c2 even; parts: 4096 floats for each block, tickets: an int for each tile, 0 before and after;
//     both unused for splits = 1
//   gradient_*(weights, f, gradient, batch, rows, inner, pixels, transposed, zero)
//     grid: batch * ceil(pixels/128) * ceil(rows/64) blocks
//   zero is 0, which the compiler must not know: an operation with it makes operands where the instructions want them, once, where
//   copies before each use would take half of the loop.
//     gradient [batch, rows, pixels] = weights [rows, inner] (or its transpose, [inner, rows]) times f [batch, inner, pixels] / pixels
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace {

struct Sums {
    float x, y, z, w;
};

__device__ __forceinline__ void add(Sums& to, const Sums& sums) {
    to.x += sums.x;
    to.y += sums.y;
    to.z += sums.z;
    to.w += sums.w;
}

#define MMA(NAME, FORM)                                                                                                  \
    __device__ __forceinline__ void NAME(Sums& d, unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) { \
        asm("mma.sync.aligned." FORM " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                   \
            : "+f"(d.x), "+f"(d.y), "+f"(d.z), "+f"(d.w)                                                                 \
            : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));                                                     \
    }

MMA(mma_tf32, "m16n8k8.row.col.f32.tf32.tf32.f32")
MMA(mma_bfloat, "m16n8k16.row.col.f32.bf16.bf16.f32")
MMA(mma_half, "m16n8k16.row.col.f32.f16.f16.f32")

struct Words {
    uint4 high, low;
};

// Each product multiplies 16 x 8 over 16 words: lane q of a row has words 4q to 4q + 3, the inner index permuted alike in both operands.
struct ThreeTf32 {
    unsigned mask;
    __device__ __forceinline__ explicit ThreeTf32(unsigned zero) : mask(0xffffe000u ^ zero) {}
    static __device__ __forceinline__ unsigned low(unsigned x, unsigned high) {
        return __float_as_uint(__uint_as_float(x) - __uint_as_float(high));
    }
    __device__ __forceinline__ Words prepare(uint4 x) const {
        Words words;
        words.high = make_uint4(x.x & mask, x.y & mask, x.z & mask, x.w & mask);
        words.low = make_uint4(low(x.x, words.high.x), low(x.y, words.high.y), low(x.z, words.high.z), low(x.w, words.high.w));
        return words;
    }
    static __device__ __forceinline__ void multiply(Sums& d, const uint4& a, const uint4& b, const uint4& c) {
        mma_tf32(d, a.x, b.x, a.y, b.y, c.x, c.y);
        mma_tf32(d, a.z, b.z, a.w, b.w, c.z, c.w);
    }
    static __device__ __forceinline__ Sums multiply(const Words& a, const Words& b, const Words& c) {
        Sums d = {0, 0, 0, 0};
        multiply(d, a.low, b.low, c.high);
        multiply(d, a.high, b.high, c.low);
        multiply(d, a.high, b.high, c.high);
        return d;
    }
};

struct OneTf32 {
    __device__ __forceinline__ explicit OneTf32(unsigned) {}
    // Half a unit is added, and the instruction drops what is below a unit.
    static __device__ __forceinline__ unsigned round(unsigned x) {
        return __float_as_uint(fmaf(__uint_as_float(x & 0xff800000u), 1.0f / 2048, __uint_as_float(x)));
    }
    __device__ __forceinline__ Words prepare(uint4 x) const {
        Words words;
        words.high = make_uint4(round(x.x), round(x.y), round(x.z), round(x.w));
        return words;
    }
    static __device__ __forceinline__ Sums multiply(const Words& a, const Words& b, const Words& c) {
        Sums d = {0, 0, 0, 0};
        ThreeTf32::multiply(d, a.high, b.high, c.high);
        return d;
    }
};

template <bool kBFloat>
struct Narrow {
    unsigned zero;
    __device__ __forceinline__ explicit Narrow(unsigned zero) : zero(zero) {}
    __device__ __forceinline__ Words prepare(uint4 x) const {
        Words words;
        words.high = make_uint4(x.x ^ zero, x.y ^ zero, x.z ^ zero, x.w ^ zero);
        return words;
    }
    static __device__ __forceinline__ void step(
        Sums& d, unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
        if (kBFloat)
            mma_bfloat(d, a0, a1, a2, a3, b0, b1);
        else
            mma_half(d, a0, a1, a2, a3, b0, b1);
    }
    static __device__ __forceinline__ Sums multiply(const Words& a, const Words& b, const Words& c) {
        Sums d = {0, 0, 0, 0};
        step(d, a.high.x, b.high.x, a.high.y, b.high.y, c.high.x, c.high.y);
        step(d, a.high.z, b.high.z, a.high.w, b.high.w, c.high.z, c.high.w);
        return d;
    }
};

__device__ __forceinline__ void copy_async(void* to, const void* from, bool inside) {
    unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    int bytes = inside ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(bytes) : "memory");
}

__device__ __forceinline__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

template <int kGroups>
__device__ __forceinline__ void wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kGroups) : "memory");
}

// The tensor cores' sums of a chunk are added up here, to nearest; theirs round towards zero.
template <typename Product>
__device__ __forceinline__ void add_products(const Product& product, Sums (&sums)[2][4], const uint4* rows, const uint4 (&columns)[4]) {
    Words a[4];
#pragma unroll
    for (int i = 0; i < 4; i++) a[i] = product.prepare(rows[32 * i]);
#pragma unroll
    for (int n = 0; n < 4; n++) {
        Words b = product.prepare(columns[n]);
        add(sums[0][n], product.multiply(a[0], a[1], b));
        add(sums[1][n], product.multiply(a[2], a[3], b));
    }
}

template <typename T, typename Product>
__device__ __forceinline__ void gram(
    const T* f1, const T* f2, float* gram, float* parts, int* tickets, int batch, int c1, int c2, int pixels, int splits,
    unsigned zero) {
    constexpr int kStages = 4, kPerVector = 16 / sizeof(T), kPerChunk = 4 * kPerVector;
    __shared__ uint4 ring[kStages][512];
    __shared__ int done;
    int tile_columns = (c2 + 63) / 64, per_sample = (c1 + 63) / 64 * tile_columns;
    int number = blockIdx.x / splits, split = blockIdx.x % splits;
    int sample = number / per_sample, tile = number % per_sample;
    int row = tile / tile_columns * 64, column = tile % tile_columns * 64;
    int line = threadIdx.x / 4, first = threadIdx.x % 4 * kPerVector;
    f1 += static_cast<size_t>(sample) * c1 * pixels + first;
    f2 += static_cast<size_t>(sample) * c2 * pixels + first;
    const T* lines[4] = {
        f1 + static_cast<size_t>(min(row + line, c1 - 1)) * pixels, f1 + static_cast<size_t>(min(row + line + 32, c1 - 1)) * pixels,
        f2 + static_cast<size_t>(min(column + line, c2 - 1)) * pixels,
        f2 + static_cast<size_t>(min(column + line + 32, c2 - 1)) * pixels};
    int chunks = (pixels + kPerChunk - 1) / kPerChunk, per_split = (chunks + splits - 1) / splits;
    int chunk = min(split * per_split, chunks), end = min(chunk + per_split, chunks);
    auto fill = [&](int stage, int c) {
        if (c < end) {
            int at = c * kPerChunk;
#pragma unroll
            for (int i = 0; i < 4; i++) copy_async(&ring[stage][threadIdx.x + 128 * i], lines[i] + at, at + first < pixels);
        }
        commit();
    };
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    Product product(zero);
    Sums sums[2][4] = {};
    for (int stage = 0; stage < kStages - 1; stage++) fill(stage, chunk + stage);
    for (int slot = 0; chunk < end; chunk++, slot = (slot + 1) % kStages) {
        wait<kStages - 2>();
        __syncthreads();
        fill((slot + kStages - 1) % kStages, chunk + kStages - 1);
        const uint4* b = &ring[slot][256 + warp / 2 * 128 + lane];
        uint4 columns[4] = {b[0], b[32], b[64], b[96]};
        add_products(product, sums, &ring[slot][warp % 2 * 128 + lane], columns);
    }
    if (splits > 1) {
        float* part = parts + static_cast<size_t>(number) * splits * 4096 + threadIdx.x;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const Sums& s = sums[i / 4][i % 4];
            float* to = part + split * 4096 + i * 512;
            to[0] = s.x;
            to[128] = s.y;
            to[256] = s.z;
            to[384] = s.w;
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            done = atomicAdd(&tickets[number], 1);
            __threadfence();
        }
        __syncthreads();
        if (done != splits - 1) return;
        if (threadIdx.x == 0) tickets[number] = 0;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            Sums total = {0, 0, 0, 0};
            for (int s = 0; s < splits; s++) {
                const float* from = part + s * 4096 + i * 512;
                add(total, Sums{__ldcg(from), __ldcg(from + 128), __ldcg(from + 256), __ldcg(from + 384)});
            }
            sums[i / 4][i % 4] = total;
        }
    }
    float scale = 1.0f / pixels;
    gram += static_cast<size_t>(sample) * c1 * c2;
#pragma unroll
    for (int m = 0; m < 2; m++) {
#pragma unroll
        for (int n = 0; n < 4; n++) {
            int r = row + warp % 2 * 32 + m * 16 + lane / 4, c = column + warp / 2 * 32 + n * 8 + lane % 4 * 2;
            if (c >= c2) continue;
            const Sums& s = sums[m][n];
            if (r < c1) *reinterpret_cast<float2*>(&gram[static_cast<size_t>(r) * c2 + c]) = make_float2(s.x * scale, s.y * scale);
            if (r + 8 < c1)
                *reinterpret_cast<float2*>(&gram[static_cast<size_t>(r + 8) * c2 + c]) = make_float2(s.z * scale, s.w * scale);
        }
    }
}

template <typename Product>
__device__ __forceinline__ void gradient(
    const float* weights, const float* f, float* gradient, int rows, int inner, int pixels, int transposed, unsigned zero) {
    constexpr int kStages = 3, kPitch = 34;
    __shared__ uint4 ring[kStages][256 + 16 * kPitch];
    int row_tiles = (rows + 63) / 64, per_sample = row_tiles * ((pixels + 127) / 128);
    int sample = blockIdx.x / per_sample, tile = blockIdx.x % per_sample;
    int row = tile % row_tiles * 64, pixel = tile / row_tiles * 128;
    weights += static_cast<size_t>(sample) * rows * inner;
    f += static_cast<size_t>(sample) * inner * pixels;
    gradient += static_cast<size_t>(sample) * rows * pixels;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    float w[4];
    auto place = [&](int i, int& m, int& k) {
        m = transposed ? warp * 8 + lane % 8 : threadIdx.x / 16 + 16 * i;
        k = transposed ? lane / 8 + 4 * i : threadIdx.x % 16;
    };
    auto load = [&](int k0) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int m, k;
            place(i, m, k);
            m += row;
            k += k0;
            w[i] = m < rows && k < inner ? weights[transposed ? static_cast<size_t>(k) * rows + m : static_cast<size_t>(m) * inner + k] : 0;
        }
    };
    auto store = [&](int stage) {
        float* to = reinterpret_cast<float*>(ring[stage]);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int m, k;
            place(i, m, k);
            to[m * 16 + (((k / 4) ^ (m / 2 % 4)) * 4) + k % 4] = w[i];
        }
    };
    auto fill = [&](int stage, int k0) {
        int p = pixel + lane * 4;
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int k = warp + 8 * i;
            copy_async(
                &ring[stage][256 + (k % 4 * 4 + k / 4) * kPitch + lane], f + static_cast<size_t>(k0 + k) * pixels + p,
                k0 + k < inner && p < pixels);
        }
    };
    int chunks = (inner + 15) / 16;
    for (int stage = 0; stage < kStages - 1; stage++) {
        if (stage < chunks) {
            fill(stage, stage * 16);
            load(stage * 16);
            store(stage);
        }
        commit();
    }
    int g = lane / 4, q = lane % 4, m = warp % 2 * 32 + g, first = warp / 2 * 32;
    Product product(zero);
    Sums sums[2][4] = {};
    for (int chunk = 0, slot = 0; chunk < chunks; chunk++, slot = slot == kStages - 1 ? 0 : slot + 1) {
        wait<kStages - 2>();
        __syncthreads();
        int next = chunk + kStages - 1, free = slot == 0 ? kStages - 1 : slot - 1;
        if (next < chunks) {
            fill(free, next * 16);
            load(next * 16);
        }
        commit();
        uint4 columns[4];
        auto part = [](uint4& c, int i) -> unsigned& { return i == 0 ? c.x : i == 1 ? c.y : i == 2 ? c.z : c.w; };
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const uint2* pairs = reinterpret_cast<const uint2*>(&ring[slot][256 + (q + 4 * i) * kPitch]) + first / 2 + g;
            uint2 low = pairs[0], high = pairs[8];
            part(columns[0], i) = low.x;
            part(columns[1], i) = low.y;
            part(columns[2], i) = high.x;
            part(columns[3], i) = high.y;
        }
        add_products(product, sums, &ring[slot][m * 4 + (q ^ (m / 2 % 4))], columns);
        if (next < chunks) store(free);
    }
    float scale = 1.0f / pixels;
    int p = pixel + first + q * 4;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const Sums(&s)[4] = sums[i];
        int r = row + m + 16 * i;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            if (p + 16 * half >= pixels) continue;
            const Sums &a = s[2 * half], &b = s[2 * half + 1];
            if (r < rows)
                __stcs(
                    reinterpret_cast<float4*>(&gradient[static_cast<size_t>(r) * pixels + p + 16 * half]),
                    make_float4(a.x * scale, b.x * scale, a.y * scale, b.y * scale));
            if (r + 8 < rows)
                __stcs(
                    reinterpret_cast<float4*>(&gradient[static_cast<size_t>(r + 8) * pixels + p + 16 * half]),
                    make_float4(a.z * scale, b.z * scale, a.w * scale, b.w * scale));
        }
    }
}

}  // namespace

#define GRAM(NAME, TYPE, ...)                                                                                              \
    extern "C" __global__ void __launch_bounds__(128, 3) NAME(                                                             \
        const TYPE* f1, const TYPE* f2, float* g, float* parts, int* tickets, int batch, int c1, int c2, int pixels, int splits, \
        int zero) {                                                                                                        \
        gram<TYPE, __VA_ARGS__>(f1, f2, g, parts, tickets, batch, c1, c2, pixels, splits, zero);                                 \
    }

GRAM(gram_float32, float, ThreeTf32)
GRAM(gram_tf32, float, OneTf32)
GRAM(gram_float16, __half, Narrow<false>)
GRAM(gram_bfloat16, __nv_bfloat16, Narrow<true>)

#define GRADIENT(NAME, ...)                                                                                            \
    extern "C" __global__ void __launch_bounds__(256, 2) NAME(                                                         \
        const float* weights, const float* f, float* out, int batch, int rows, int inner, int pixels, int transposed, \
        int zero) {                                                                                                    \
        gradient<__VA_ARGS__>(weights, f, out, rows, inner, pixels, transposed, zero);                                       \
    }

GRADIENT(gradient_float32, ThreeTf32)
GRADIENT(gradient_tf32, OneTf32)
