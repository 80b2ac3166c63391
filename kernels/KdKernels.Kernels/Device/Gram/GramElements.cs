using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>An element type as the matrix products take it.</summary>
/// <typeparam name="T">The storage: float, or ushort for the bits of a 16-bit float.</typeparam>
public interface IGramElement<T>
    where T : unmanaged
{
    /// <summary>Elements in four bytes.</summary>
    int PerWord { get; }

    float Load(ref T address);

    void Store(ref T address, float value);

    /// <summary>Starts a copy of 16 bytes, or of zeros where <paramref name="bytes"/> is 0.</summary>
    void CopyAsync(ref T from, ref U4 to, int bytes);

    /// <summary>A word of one element, or of two of which <paramref name="low"/> lies first.</summary>
    uint Word(float low, float high);

    /// <summary>The element that lies first in a word.</summary>
    float Low(uint word);

    /// <summary>The second one, where there are two.</summary>
    float High(uint word);
}

/// <summary>IEEE binary32.</summary>
public readonly struct GramFloat : IGramElement<float>
{
    public int PerWord => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref float address) => Ptx.LoadReadOnly(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float address, float value) => address = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyAsync(ref float from, ref U4 to, int bytes) => Ptx.CopyAsync(ref from, ref to, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Word(float low, float high) => Interop.FloatAsInt(low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Low(uint word) => Interop.IntAsFloat(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float High(uint word) => 0f;
}

/// <summary>bfloat16.</summary>
public readonly struct GramBFloat : IGramElement<ushort>
{
    public int PerWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref ushort address) => Interop.IntAsFloat((uint)Ptx.LoadReadOnly(ref address) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ushort address, float value) => address = (ushort)Ptx.PackBFloat(0f, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyAsync(ref ushort from, ref U4 to, int bytes) => Ptx.CopyAsync(ref from, ref to, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Word(float low, float high) => Ptx.PackBFloat(high, low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Low(uint word) => Interop.IntAsFloat(word << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float High(uint word) => Interop.IntAsFloat(word & 0xffff0000u);
}

/// <summary>IEEE binary16.</summary>
public readonly struct GramHalf : IGramElement<ushort>
{
    public int PerWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref ushort address) => Ptx.HalfToFloat(Ptx.LoadReadOnly(ref address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ushort address, float value) => address = Ptx.FloatToHalf(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyAsync(ref ushort from, ref U4 to, int bytes) => Ptx.CopyAsync(ref from, ref to, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Word(float low, float high) => Ptx.PackHalf(high, low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Low(uint word) => Ptx.HalfToFloat((ushort)word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float High(uint word) => Ptx.HalfToFloat((ushort)(word >> 16));
}
