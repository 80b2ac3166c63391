using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device;

/// <summary>What is done to each pair of elements of two vectors; <c>index</c> counts from 0 and is a compile-time constant.</summary>
public interface IPairVisitor
{
    void Visit(float first, float second, int index);
}

/// <summary>A value made of each pair of elements of two vectors.</summary>
public interface IPairMap
{
    float Map(float first, float second, int index);
}

/// <summary>
/// An element type: how it lies in memory and in sixteen bytes of registers. All arithmetic is float32. An instance unpacks the
/// 16-bit forms with a mask and a shift that only the running kernel knows: with constants the assembler recognises that two
/// phases unpack the same words, keeps the unpacked values alive between them and spills.
/// </summary>
/// <typeparam name="T">The storage: float, or ushort for the bits of a 16-bit float.</typeparam>
public interface IElement<T>
    where T : unmanaged
{
    /// <summary>Elements in sixteen bytes.</summary>
    int PerVector { get; }

    /// <summary>log2 of the element size.</summary>
    int SizeShift { get; }

    /// <summary>Whether differences of elements can lose digits that the result shows.</summary>
    bool Exact { get; }

    /// <summary>Below this divergence the sums of a row have lost digits to cancellation that the result would show.</summary>
    float SmallDivergence { get; }

    /// <summary>Starts a phase. <paramref name="zero"/> is the kernel's argument that is always 0.</summary>
    void BeginPhase(int zero, int phase);

    float Load(ref T address);

    void Store(ref T address, float value);

    U4 LoadVector(ref T address);

    void StoreVector(ref T address, U4 value);

    long AddressOf(ref T address);

    void Each<TVisitor>(U4 first, U4 second, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor;

    U4 Map<TMap>(U4 first, U4 second, ref TMap map)
        where TMap : struct, IPairMap;
}

/// <summary>IEEE binary32.</summary>
public struct Float32 : IElement<float>
{
    public readonly int PerVector => 4;

    public readonly int SizeShift => 2;

    public readonly bool Exact => true;

    public readonly float SmallDivergence => 0.1f;

    public readonly void BeginPhase(int zero, int phase)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Load(ref float address) => Ptx.LoadReadOnly(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ref float address, float value) => address = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 LoadVector(ref float address) => Ptx.LoadOnce(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreVector(ref float address, U4 value) => Ptx.StoreStreaming(ref address, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long AddressOf(ref float address) => Ptx.AddressOf(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Each<TVisitor>(U4 first, U4 second, ref TVisitor visitor)
        where TVisitor : struct, IPairVisitor
    {
        visitor.Visit(Interop.IntAsFloat(first.X), Interop.IntAsFloat(second.X), 0);
        visitor.Visit(Interop.IntAsFloat(first.Y), Interop.IntAsFloat(second.Y), 1);
        visitor.Visit(Interop.IntAsFloat(first.Z), Interop.IntAsFloat(second.Z), 2);
        visitor.Visit(Interop.IntAsFloat(first.W), Interop.IntAsFloat(second.W), 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly U4 Map<TMap>(U4 first, U4 second, ref TMap map)
        where TMap : struct, IPairMap
    {
        U4 result;
        result.X = Interop.FloatAsInt(map.Map(Interop.IntAsFloat(first.X), Interop.IntAsFloat(second.X), 0));
        result.Y = Interop.FloatAsInt(map.Map(Interop.IntAsFloat(first.Y), Interop.IntAsFloat(second.Y), 1));
        result.Z = Interop.FloatAsInt(map.Map(Interop.IntAsFloat(first.Z), Interop.IntAsFloat(second.Z), 2));
        result.W = Interop.FloatAsInt(map.Map(Interop.IntAsFloat(first.W), Interop.IntAsFloat(second.W), 3));
        return result;
    }
}
