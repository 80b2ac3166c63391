using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>The upper half of a float: 8 bits of exponent, 7 of mantissa. Rounds to nearest, ties to even.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BFloat16 : IEquatable<BFloat16>, IComparable<BFloat16>
{
    internal readonly ushort value;

    public BFloat16(float f)
    {
        uint bits = BitConverter.SingleToUInt32Bits(f);
        // Rounding could carry a NaN's payload over into infinity.
        value = float.IsNaN(f) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private BFloat16(ushort bits) => value = bits;

    public static BFloat16 FromRawValue(ushort rawValue) => new(rawValue);

    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)value << 16);

    public static explicit operator BFloat16(float f) => new(f);
    public static explicit operator BFloat16(double d) => new((float)d);
    public static explicit operator float(BFloat16 bf) => bf.ToSingle();
    public static explicit operator double(BFloat16 bf) => bf.ToSingle();

    public static bool operator ==(BFloat16 a, BFloat16 b) => a.ToSingle() == b.ToSingle();
    public static bool operator !=(BFloat16 a, BFloat16 b) => a.ToSingle() != b.ToSingle();
    public static bool operator <(BFloat16 a, BFloat16 b) => a.ToSingle() < b.ToSingle();
    public static bool operator >(BFloat16 a, BFloat16 b) => a.ToSingle() > b.ToSingle();
    public static bool operator <=(BFloat16 a, BFloat16 b) => a.ToSingle() <= b.ToSingle();
    public static bool operator >=(BFloat16 a, BFloat16 b) => a.ToSingle() >= b.ToSingle();

    public bool Equals(BFloat16 other) => ToSingle().Equals(other.ToSingle());
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);
    public override int GetHashCode() => ToSingle().GetHashCode();
    public int CompareTo(BFloat16 other) => ToSingle().CompareTo(other.ToSingle());
    public override string ToString() => ToSingle().ToString();
}
