using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Quads;

/// <summary>
/// An element type that is read and written four at a time: 16 bytes of float32, 8 of a 16-bit type, so that a thread's
/// registers look the same for all types. All arithmetic is float32.
/// </summary>
/// <typeparam name="T">The storage: float, or ushort for the bits of a 16-bit float.</typeparam>
public interface IQuadElement<T>
    where T : unmanaged
{
    /// <summary>One element.</summary>
    float Load(ref T address);

    /// <summary>Writes one element.</summary>
    void Store(ref T address, float value);

    /// <summary>Four elements, at a multiple of their size.</summary>
    Quad LoadQuad(ref T address);

    /// <summary>Writes four elements at a multiple of their size.</summary>
    void StoreQuad(ref T address, Quad value);
}

/// <summary>IEEE binary32.</summary>
public readonly struct QuadFloat32 : IQuadElement<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref float address) => Ptx.LoadReadOnly(ref address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float address, float value) => address = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad LoadQuad(ref float address)
    {
        U4 words = Ptx.LoadOnce(ref address);
        Quad quad;
        quad.X = Interop.IntAsFloat(words.X);
        quad.Y = Interop.IntAsFloat(words.Y);
        quad.Z = Interop.IntAsFloat(words.Z);
        quad.W = Interop.IntAsFloat(words.W);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreQuad(ref float address, Quad value)
    {
        U4 words;
        words.X = Interop.FloatAsInt(value.X);
        words.Y = Interop.FloatAsInt(value.Y);
        words.Z = Interop.FloatAsInt(value.Z);
        words.W = Interop.FloatAsInt(value.W);
        Ptx.StoreStreaming(ref address, words);
    }
}

/// <summary>IEEE binary16.</summary>
public readonly struct QuadFloat16 : IQuadElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref ushort address) => Ptx.HalfToFloat(Ptx.LoadReadOnly(ref address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ushort address, float value) => address = Ptx.FloatToHalf(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad LoadQuad(ref ushort address)
    {
        U2 words = Ptx.LoadPair(ref address);
        Quad quad;
        quad.X = Ptx.HalfToFloat((ushort)words.X);
        quad.Y = Ptx.HalfToFloat((ushort)(words.X >> 16));
        quad.Z = Ptx.HalfToFloat((ushort)words.Y);
        quad.W = Ptx.HalfToFloat((ushort)(words.Y >> 16));
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreQuad(ref ushort address, Quad value)
    {
        U2 words;
        words.X = Ptx.PackHalf(value.Y, value.X);
        words.Y = Ptx.PackHalf(value.W, value.Z);
        Ptx.StorePair(ref address, words);
    }
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
public readonly struct QuadBFloat16 : IQuadElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(ref ushort address) => Interop.IntAsFloat((uint)Ptx.LoadReadOnly(ref address) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref ushort address, float value)
    {
        // By integers, since the conversion needs sm_80 and a kernel that stores one element at a time should not.
        uint bits = Interop.FloatAsInt(value);
        uint rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
        address = (ushort)((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad LoadQuad(ref ushort address)
    {
        U2 words = Ptx.LoadPair(ref address);
        Quad quad;
        quad.X = Interop.IntAsFloat(words.X << 16);
        quad.Y = Interop.IntAsFloat(words.X & 0xffff0000u);
        quad.Z = Interop.IntAsFloat(words.Y << 16);
        quad.W = Interop.IntAsFloat(words.Y & 0xffff0000u);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreQuad(ref ushort address, Quad value)
    {
        U2 words;
        words.X = Ptx.PackBFloat(value.Y, value.X);
        words.Y = Ptx.PackBFloat(value.W, value.Z);
        Ptx.StorePair(ref address, words);
    }
}
