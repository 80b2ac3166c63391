using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>Four neighbouring pixels, or two pairs of them: what a lane multiplies in four tiles of 8 columns.</summary>
public struct GradientPixels
{
    public float P0;
    public float P1;
    public float P2;
    public float P3;
}

/// <summary>
/// Brings 16 channels of 128 pixels to a stage of shared memory, reads them there, and writes the gradient. Channel k stands in
/// row (k % 4)·4 + k / 4 of the stage, as the weights' vectors want it.
/// </summary>
public interface IGradientSource<T>
    where T : unmanaged
{
    /// <summary>Begins with the pixels from <paramref name="firstPixel"/>.</summary>
    void Begin(in GradientSide<T> side, long sample, int firstPixel);

    /// <summary>
    /// Starts to fill a stage from channel 0, then 16, and so on; zeros where there is no channel or no pixel.
    /// </summary>
    void Fill(ArrayView<U4> stage, int firstChannel);

    /// <summary>A lane's pixels of a row of the stage; <paramref name="pixel"/> is the first of the warp's 32.</summary>
    GradientPixels Read(ArrayView<U4> stage, int row, int pixel);

    /// <summary>
    /// Writes eight pixels of a channel, the columns 2q and 2q + 1 of four tiles; <paramref name="pixel"/> is the first of the
    /// warp's 32.
    /// </summary>
    void Write(in GradientSide<T> side, long sample, int channel, int pixel, GradientPixels even, GradientPixels odd);
}

/// <summary>float32 planes of whole vectors.</summary>
public struct FloatPlanes : IGradientSource<float>
{
    private const int Pitch = 34;
    private ArrayView<float> others;
    private long channelStride;
    private int channelsLeft;
    private int place;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in GradientSide<float> side, long sample, int firstPixel)
    {
        int vector = Group.IdxX & 31;
        int line = Group.IdxX >> 5;
        int pixel = firstPixel + (vector * 4);
        channelStride = side.Map.Channel;
        others = side.Others.SubView((sample * side.Map.Sample) + (line * channelStride) + pixel);
        // Where there is no pixel there is no channel either.
        channelsLeft = pixel < side.Pixels ? side.Inner - line : 0;
        place = (GradientRows.Of(line) * Pitch) + vector;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill(ArrayView<U4> stage, int firstChannel)
    {
        var to = stage.SubView(place);
        Ptx.CopyAsync(ref others[0], ref to[0], channelsLeft > firstChannel ? 16 : 0);
        // Eight channels further is two rows further.
        others = others.SubView(8 * channelStride);
        Ptx.CopyAsync(ref others[0], ref to[2 * Pitch], channelsLeft > firstChannel + 8 ? 16 : 0);
        others = others.SubView(8 * channelStride);
    }

    // Lane g takes pixels 2g, 2g + 1 and those 16 further, and so owns 4q to 4q + 3 and those 16 further of the sums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GradientPixels Read(ArrayView<U4> stage, int row, int pixel) => GradientRows.Read(stage, row, pixel);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(
        in GradientSide<float> side, long sample, int channel, int pixel, GradientPixels even, GradientPixels odd)
    {
        if (channel >= side.Rows) return;
        int first = pixel + ((Group.IdxX & 3) * 4);
        var gradient = side.Gradient.SubView((sample * side.Strides.Outer) + (channel * side.Strides.Element) + first);
        U4 value;
        value.X = Interop.FloatAsInt(even.P0);
        value.Y = Interop.FloatAsInt(even.P1);
        value.Z = Interop.FloatAsInt(odd.P0);
        value.W = Interop.FloatAsInt(odd.P1);
        if (first < side.Pixels) Ptx.StoreStreaming(ref gradient[0], value);
        value.X = Interop.FloatAsInt(even.P2);
        value.Y = Interop.FloatAsInt(even.P3);
        value.Z = Interop.FloatAsInt(odd.P2);
        value.W = Interop.FloatAsInt(odd.P3);
        if (first + 16 < side.Pixels) Ptx.StoreStreaming(ref gradient[16], value);
    }
}

/// <summary>Planes of whole vectors of 16-bit floats.</summary>
public struct NarrowPlanes<TElement> : IGradientSource<ushort>
    where TElement : struct, IGramElement<ushort>
{
    private const int Pitch = 18;
    private ArrayView<ushort> others;
    private long channelStride;
    private int channelsLeft;
    private int place;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in GradientSide<ushort> side, long sample, int firstPixel)
    {
        int vector = Group.IdxX & 15;
        int line = Group.IdxX >> 4;
        int pixel = firstPixel + (vector * 8);
        channelStride = side.Map.Channel;
        others = side.Others.SubView((sample * side.Map.Sample) + (line * channelStride) + pixel);
        channelsLeft = pixel < side.Pixels ? side.Inner - line : 0;
        place = (GradientRows.Of(line) * Pitch) + vector;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill(ArrayView<U4> stage, int firstChannel)
    {
        Ptx.CopyAsync(ref others[0], ref stage[place], channelsLeft > firstChannel ? 16 : 0);
        others = others.SubView(16 * channelStride);
    }

    // Lane g takes pixels 4g to 4g + 3, and so owns 8q to 8q + 7 of the sums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GradientPixels Read(ArrayView<U4> stage, int row, int pixel)
    {
        TElement element = default;
        var pair = stage.Cast<U2>()[(row * (2 * Pitch)) + (pixel >> 2) + ((Group.IdxX & 31) >> 2)];
        GradientPixels result;
        result.P0 = element.Low(pair.X);
        result.P1 = element.High(pair.X);
        result.P2 = element.Low(pair.Y);
        result.P3 = element.High(pair.Y);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(
        in GradientSide<ushort> side, long sample, int channel, int pixel, GradientPixels even, GradientPixels odd)
    {
        TElement element = default;
        int first = pixel + ((Group.IdxX & 3) * 8);
        if (channel >= side.Rows | first >= side.Pixels) return;
        var gradient = side.Gradient.SubView((sample * side.Strides.Outer) + (channel * side.Strides.Element) + first);
        U4 value;
        value.X = element.Word(even.P0, even.P1);
        value.Y = element.Word(even.P2, even.P3);
        value.Z = element.Word(odd.P0, odd.P1);
        value.W = element.Word(odd.P2, odd.P3);
        Ptx.StoreStreaming(ref gradient[0], value);
    }
}

/// <summary>Maps and gradients of any strides, pooled or not, one element at a time; float32 in shared memory.</summary>
public struct GeneralGradient<T, TElement> : IGradientSource<T>
    where T : unmanaged
    where TElement : struct, IGramElement<T>
{
    private FspSampler<T, TElement> sampler;
    private long start;
    private int firstPixel;
    private int pixels;
    private int channels;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(in GradientSide<T> side, long sample, int firstPixel)
    {
        sampler.Values = side.Others;
        sampler.Map = side.Map;
        sampler.Height = side.Height;
        sampler.Width = side.Width;
        sampler.Average = side.Average;
        start = sample * side.Map.Sample;
        this.firstPixel = firstPixel;
        pixels = side.Pixels;
        channels = side.Inner;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Fill(ArrayView<U4> stage, int firstChannel)
    {
        var to = stage.Cast<float>();
        bool alongChannels = sampler.Map.Channel == 1;
        int channel = alongChannels ? Group.IdxX & 15 : Group.IdxX >> 7;
        int pixel = alongChannels ? Group.IdxX >> 4 : Group.IdxX & 127;
        for (int i = 0; i < 8; i++)
        {
            float value = 0f;
            if (firstChannel + channel < channels & firstPixel + pixel < pixels)
                value = sampler.Value(start + ((firstChannel + channel) * sampler.Map.Channel), firstPixel + pixel);
            to[(GradientRows.Of(channel) * (4 * 34)) + pixel] = value;
            channel += alongChannels ? 0 : 2;
            pixel += alongChannels ? 16 : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GradientPixels Read(ArrayView<U4> stage, int row, int pixel) => GradientRows.Read(stage, row, pixel);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(in GradientSide<T> side, long sample, int channel, int pixel, GradientPixels even, GradientPixels odd)
    {
        if (channel >= side.Rows) return;
        int first = pixel + ((Group.IdxX & 3) * 4);
        Write(side, sample, channel, first, even.P0);
        Write(side, sample, channel, first + 1, even.P1);
        Write(side, sample, channel, first + 2, odd.P0);
        Write(side, sample, channel, first + 3, odd.P1);
        Write(side, sample, channel, first + 16, even.P2);
        Write(side, sample, channel, first + 17, even.P3);
        Write(side, sample, channel, first + 18, odd.P2);
        Write(side, sample, channel, first + 19, odd.P3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(in GradientSide<T> side, long sample, int channel, int pixel, float value)
    {
        if (pixel >= side.Pixels) return;
        if (side.Pooled.Length > 0)
        {
            var pooled = side.Pooled;
            pooled[((((sample * side.Rows) + channel) * side.Height) * side.Width) + pixel] = value;
        }
        else
        {
            var gradient = side.Gradient;
            long at = (sample * side.Strides.Outer) + (channel * side.Strides.Element) + (pixel * side.Strides.Inner);
            default(TElement).Store(ref gradient[at], value);
        }
    }
}

/// <summary>The rows of a stage.</summary>
public static class GradientRows
{
    /// <summary>Where a channel stands: words 4q to 4q + 3 of the weights belong to lane q, and these in rows q, q + 4, ...</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Of(int channel) => ((channel & 3) << 2) | (channel >> 2);

    /// <summary>Two pairs of float32: pixels 2g, 2g + 1 and those 16 further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientPixels Read(ArrayView<U4> stage, int row, int pixel)
    {
        var pairs = stage.Cast<U2>().SubView((row * 68) + (pixel >> 1) + ((Group.IdxX & 31) >> 2));
        var first = pairs[0];
        var second = pairs[8];
        GradientPixels result;
        result.P0 = Interop.IntAsFloat(first.X);
        result.P1 = Interop.IntAsFloat(first.Y);
        result.P2 = Interop.IntAsFloat(second.X);
        result.P3 = Interop.IntAsFloat(second.Y);
        return result;
    }
}
