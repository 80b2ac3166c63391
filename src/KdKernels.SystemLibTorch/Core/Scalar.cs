namespace TorchSharp;

/// <summary>
/// A number or truth value as torch's operators take it: its category decides type promotion, not its width.
/// </summary>
/// <remarks>A managed value; <see cref="Dispose"/> is there because TorchSharp's holds native memory.</remarks>
public sealed class Scalar : IDisposable
{
    private readonly long integer;
    private readonly double real;

    private Scalar(torch.ScalarType type, long integer, double real)
    {
        Type = type;
        this.integer = integer;
        this.real = real;
    }

    /// <summary>Int64, Float64 or Bool: torch keeps no narrower scalars.</summary>
    public torch.ScalarType Type { get; }

    public static implicit operator Scalar(byte value) => FromInteger(value);
    public static implicit operator Scalar(sbyte value) => FromInteger(value);
    public static implicit operator Scalar(short value) => FromInteger(value);
    public static implicit operator Scalar(int value) => FromInteger(value);
    public static implicit operator Scalar(long value) => FromInteger(value);
    public static implicit operator Scalar(Half value) => FromReal((double)value);
    public static implicit operator Scalar(BFloat16 value) => FromReal(value.ToSingle());
    public static implicit operator Scalar(float value) => FromReal(value);
    public static implicit operator Scalar(double value) => FromReal(value);
    public static implicit operator Scalar(bool value) => new(torch.ScalarType.Bool, value ? 1 : 0, value ? 1 : 0);

    public void Dispose()
    {
    }

    internal long Integer => Type == torch.ScalarType.Float64 ? checked((long)real) : integer;

    internal double Real => real;

    internal bool Truth => real != 0;

    internal Arg ToArg() => Type switch
    {
        torch.ScalarType.Float64 => real,
        torch.ScalarType.Bool => integer != 0,
        _ => integer,
    };

    public override string ToString() => Type switch
    {
        torch.ScalarType.Float64 => real.ToString(),
        torch.ScalarType.Bool => Truth.ToString(),
        _ => integer.ToString(),
    };

    private static Scalar FromInteger(long value) => new(torch.ScalarType.Int64, value, value);

    private static Scalar FromReal(double value) => new(torch.ScalarType.Float64, 0, value);
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static Scalar ToScalar(this Half value) => value;
    public static Scalar ToScalar(this BFloat16 value) => value;

    public static Half ToHalf(this Scalar value) => (Half)value.Real;
    public static BFloat16 ToBFloat16(this Scalar value) => new((float)value.Real);
    public static float ToSingle(this Scalar value) => (float)value.Real;
    public static double ToDouble(this Scalar value) => value.Real;
    public static sbyte ToSByte(this Scalar value) => checked((sbyte)value.Integer);
    public static byte ToByte(this Scalar value) => checked((byte)value.Integer);
    public static short ToInt16(this Scalar value) => checked((short)value.Integer);
    public static int ToInt32(this Scalar value) => checked((int)value.Integer);
    public static long ToInt64(this Scalar value) => value.Integer;
    public static bool ToBoolean(this Scalar value) => value.Truth;
}
