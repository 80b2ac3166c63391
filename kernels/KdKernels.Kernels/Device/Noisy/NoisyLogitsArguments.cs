using ILGPU;
using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noisy;

/// <summary>The one parameter of every kernel of NoisyLogits; the launcher has its mirror image.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct NoisyLogitsArguments<T>
    where T : unmanaged
{
    /// <summary>The operands and factors of the regression; there are no labels.</summary>
    public KlArguments<T> Logits;

    /// <summary>One per row; where not given, rows are numbered from <see cref="FirstSample"/>.</summary>
    public ArrayView<long> Samples;

    public long FirstSample;

    /// <summary>How many of the 2^53 draws select a sample: those below.</summary>
    public long SelectedDraws;

    public PhiloxKeys Keys;
    public float Sigma;
    public uint Step;

    /// <summary>Stream of the noise.</summary>
    public uint Purpose;

    /// <summary>Stream of the draws.</summary>
    public uint SelectionPurpose;

    /// <summary>Parts that a row is cut into; 1 where each row's value is asked for.</summary>
    public int Parts;

    /// <summary>Classes of a part, a multiple of 4; the last one may have fewer.</summary>
    public int PartClasses;

    /// <summary>1: every four classes are one access, in all operands.</summary>
    public int Vectors;
}
