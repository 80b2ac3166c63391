using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>Two maps of which a tile of 64 by 64 channels is multiplied.</summary>
public struct GramOperands<T>
    where T : unmanaged
{
    public ArrayView<T> Features1;
    public ArrayView<T> Features2;
    public FspMap Map1;
    public FspMap Map2;

    /// <summary>After pooling.</summary>
    public int Height;

    public int Width;

    public int Channels1;
    public int Channels2;

    /// <summary>1: mean pooling.</summary>
    public int Average;

    /// <summary>1: rows and columns of the tile are the same channels of one map, which are brought once.</summary>
    public int Shared;

    public readonly int Pixels => Height * Width;
}

/// <summary>
/// Brings chunks of 16 words of 128 channels to a stage of shared memory: 64 rows of the first map, then 64 of the second, four
/// vectors each. A channel that does not exist repeats the last one; nobody looks at its sums.
/// </summary>
public interface IGramSource<T>
    where T : unmanaged
{
    /// <summary>Pixels in a word.</summary>
    int PerWord { get; }

    /// <summary>Begins a tile.</summary>
    void Begin(in GramOperands<T> operands, long sample, int row, int column);

    /// <summary>Starts to fill a stage with the pixels of a chunk; zeros behind the last one.</summary>
    void Fill(ArrayView<U4> stage, int chunk);
}

/// <summary>Planes of pixels that lie side by side in whole vectors: copied past the registers.</summary>
public struct GramPlanes<T, TElement> : IGramSource<T>
    where T : unmanaged
    where TElement : struct, IGramElement<T>
{
    private ArrayView<T> rows0;
    private ArrayView<T> rows1;
    private ArrayView<T> columns0;
    private ArrayView<T> columns1;
    private int first;
    private int pixels;
    private int shared;

    public readonly int PerWord => default(TElement).PerWord;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in GramOperands<T> operands, long sample, int row, int column)
    {
        int line = Group.IdxX >> 2;
        first = (Group.IdxX & 3) * (4 * PerWord);
        pixels = operands.Pixels;
        shared = operands.Shared;
        long start1 = (sample * operands.Map1.Sample) + first;
        long start2 = (sample * operands.Map2.Sample) + first;
        int last1 = operands.Channels1 - 1;
        int last2 = operands.Channels2 - 1;
        rows0 = operands.Features1.SubView(start1 + (IntrinsicMath.Min(row + line, last1) * operands.Map1.Channel));
        rows1 = operands.Features1.SubView(start1 + (IntrinsicMath.Min(row + line + 32, last1) * operands.Map1.Channel));
        columns0 = operands.Features2.SubView(start2 + (IntrinsicMath.Min(column + line, last2) * operands.Map2.Channel));
        columns1 = operands.Features2.SubView(start2 + (IntrinsicMath.Min(column + line + 32, last2) * operands.Map2.Channel));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Fill(ArrayView<U4> stage, int chunk)
    {
        TElement element = default;
        int at = chunk * (16 * PerWord);
        int bytes = at + first < pixels ? 16 : 0;
        var to = stage.SubView(Group.IdxX);
        element.CopyAsync(ref rows0[at], ref to[0], bytes);
        element.CopyAsync(ref rows1[at], ref to[128], bytes);
        if (shared != 0) return;
        element.CopyAsync(ref columns0[at], ref to[256], bytes);
        element.CopyAsync(ref columns1[at], ref to[384], bytes);
    }
}

/// <summary>Maps of any strides, pooled or not, one element at a time, as float32.</summary>
public struct GramGeneral<T, TElement> : IGramSource<T>
    where T : unmanaged
    where TElement : struct, IGramElement<T>
{
    private FspSampler<T, TElement> sampler1;
    private FspSampler<T, TElement> sampler2;
    private long start1;
    private long start2;
    private int row;
    private int column;
    private int last1;
    private int last2;
    private int pixels;
    private int shared;

    public readonly int PerWord => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in GramOperands<T> operands, long sample, int row, int column)
    {
        sampler1.Values = operands.Features1;
        sampler1.Map = operands.Map1;
        sampler1.Height = operands.Height;
        sampler1.Width = operands.Width;
        sampler1.Average = operands.Average;
        sampler2.Values = operands.Features2;
        sampler2.Map = operands.Map2;
        sampler2.Height = operands.Height;
        sampler2.Width = operands.Width;
        sampler2.Average = operands.Average;
        start1 = sample * operands.Map1.Sample;
        start2 = sample * operands.Map2.Sample;
        this.row = row;
        this.column = column;
        last1 = operands.Channels1 - 1;
        last2 = operands.Channels2 - 1;
        pixels = operands.Pixels;
        shared = operands.Shared;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Fill(ArrayView<U4> stage, int chunk)
    {
        var words = stage.Cast<float>();
        Fill(words, sampler1, start1, row, last1, chunk);
        if (shared == 0) Fill(words.SubView(64 * 16), sampler2, start2, column, last2, chunk);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Fill(
        ArrayView<float> words, in FspSampler<T, TElement> sampler, long start, int first, int last, int chunk)
    {
        // Neighbouring threads take what lies side by side: pixels, or channels where the map is NHWC. Threads that write to one
        // bank are then in the way of each other.
        bool alongChannels = sampler.Map.Channel == 1;
        int word = alongChannels ? Group.IdxX >> 6 : Group.IdxX & 15;
        int channel = alongChannels ? Group.IdxX & 63 : Group.IdxX >> 4;
        for (int i = 0; i < 8; i++)
        {
            long plane = start + (IntrinsicMath.Min(first + channel, last) * sampler.Map.Channel);
            int pixel = (chunk * 16) + word;
            float value = 0f;
            if (pixel < pixels) value = sampler.Value(plane, pixel);
            words[(channel * 16) + word] = value;
            word += alongChannels ? 2 : 0;
            channel += alongChannels ? 0 : 8;
        }
    }
}
