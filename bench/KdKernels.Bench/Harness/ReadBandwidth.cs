using System.Numerics;
using System.Runtime.InteropServices;

namespace KdKernels.Bench.Harness;

/// <summary>
/// What this machine gives a kernel that reads two arrays at once and writes nothing: the roof for a loss over
/// student and teacher logits.
/// </summary>
internal sealed unsafe class ReadBandwidth : IDisposable
{
    // Far beyond any last-level cache, so that every pass comes from memory.
    private const long Bytes = 256L << 20;

    private readonly float* _first = (float*)NativeMemory.AlignedAlloc((nuint)Bytes, 64);
    private readonly float* _second = (float*)NativeMemory.AlignedAlloc((nuint)Bytes, 64);
    private readonly int _threads;
    private float _sink;

    public ReadBandwidth(int threads)
    {
        _threads = threads;
        new Span<float>(_first, (int)(Bytes / sizeof(float))).Fill(1);
        new Span<float>(_second, (int)(Bytes / sizeof(float))).Fill(1);
    }

    /// <summary>Bytes read by one pass.</summary>
    public static long BytesPerPass => 2 * Bytes;

    /// <summary>Reads both arrays once with every thread.</summary>
    public void Pass()
    {
        long share = Bytes / sizeof(float) / _threads;
        Parallel.For(0, _threads, new ParallelOptions { MaxDegreeOfParallelism = _threads }, thread =>
        {
            float sum = Sum(_first + thread * share, _second + thread * share, share);
            Volatile.Write(ref _sink, sum);
        });
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_first);
        NativeMemory.AlignedFree(_second);
    }

    private static float Sum(float* first, float* second, long count)
    {
        // Eight independent sums: the adds must not be what limits the loads.
        int width = Vector<float>.Count;
        Vector<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (long i = 0; i + 4 * width <= count; i += 4 * width)
        {
            a += Vector.Load(first + i);
            b += Vector.Load(second + i);
            c += Vector.Load(first + i + width);
            d += Vector.Load(second + i + width);
            e += Vector.Load(first + i + 2 * width);
            f += Vector.Load(second + i + 2 * width);
            g += Vector.Load(first + i + 3 * width);
            h += Vector.Load(second + i + 3 * width);
        }
        return Vector.Sum(a + b + c + d + e + f + g + h);
    }
}
