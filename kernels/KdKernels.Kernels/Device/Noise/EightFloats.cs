using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Random;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>A value for each element of sixteen bytes; four of them are used where there are four.</summary>
public struct EightFloats : IPairMap
{
    public NormalBlock Low;
    public NormalBlock High;

    /// <summary>The one at <paramref name="index"/>, a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float At(int index) =>
        index == 0 ? Low.A
        : index == 1 ? Low.B
        : index == 2 ? Low.C
        : index == 3 ? Low.D
        : index == 4 ? High.A
        : index == 5 ? High.B
        : index == 6 ? High.C
        : High.D;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index, float value)
    {
        if (index == 0) Low.A = value;
        if (index == 1) Low.B = value;
        if (index == 2) Low.C = value;
        if (index == 3) Low.D = value;
        if (index == 4) High.A = value;
        if (index == 5) High.B = value;
        if (index == 6) High.C = value;
        if (index == 7) High.D = value;
    }

    /// <summary>Themselves, to be packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Map(float first, float second, int index) => At(index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NormalBlock Four(U4 bits)
    {
        NormalBlock values;
        values.A = Interop.IntAsFloat(bits.X);
        values.B = Interop.IntAsFloat(bits.Y);
        values.C = Interop.IntAsFloat(bits.Z);
        values.D = Interop.IntAsFloat(bits.W);
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static U4 Bits(NormalBlock values)
    {
        U4 bits;
        bits.X = Interop.FloatAsInt(values.A);
        bits.Y = Interop.FloatAsInt(values.B);
        bits.Z = Interop.FloatAsInt(values.C);
        bits.W = Interop.FloatAsInt(values.D);
        return bits;
    }
}
