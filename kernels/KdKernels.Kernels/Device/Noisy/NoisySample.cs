using System.Runtime.CompilerServices;
using KdKernels.Kernels.Device.Quads;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noisy;

/// <summary>The noise of one row, bit for bit that of LogitNoise on the CPU.</summary>
public struct NoisySample
{
    private int selected;
    private NormalStream stream;
    private float sigma;

    /// <summary>Whether there is any.</summary>
    public readonly bool IsSelected => selected != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NoisySample Of<T>(in NoisyLogitsArguments<T> a, long row)
        where T : unmanaged
    {
        long sample = a.FirstSample + row;
        if (a.Samples.Length > 0) sample = a.Samples[row];
        PhiloxWords counter;
        counter.X = 0u;
        counter.Y = (uint)sample;
        counter.Z = a.Step;
        counter.W = a.SelectionPurpose;
        var words = Philox.Words(a.Keys, counter);
        long draw = (long)((((ulong)words.X << 32) | words.Y) >> 11);

        // A number that is no sample: the host could only look by waiting, so the row becomes NaN.
        bool isSample = (ulong)sample >> 32 == 0ul;
        NoisySample noise;
        // Pinned, or the draw is made anew for each four classes.
        noise.selected = Ptx.Pin(draw < a.SelectedDraws | !isSample ? 1 : 0);
        noise.sigma = isSample ? a.Sigma : float.NaN;
        noise.stream.Sample = (uint)sample;
        noise.stream.Step = a.Step;
        noise.stream.Purpose = a.Purpose;
        return noise;
    }

    /// <summary>σξ of classes 4·block to 4·block + 3 of a row that is selected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad At(in PhiloxKeys keys, int block)
    {
        var normals = PhiloxNormals.Block(keys, stream, (uint)block);
        Quad noise;
        noise.X = sigma * normals.A;
        noise.Y = sigma * normals.B;
        noise.Z = sigma * normals.C;
        noise.W = sigma * normals.D;
        return noise;
    }
}
