using KdKernels.Core;

namespace KdKernels.PtxVerify.Cases;

/// <summary>The element types of logits: their size, their rounding, their bits.</summary>
internal static class Narrow
{
    public static int Size(KdElementType type) => type switch
    {
        KdElementType.Bool => 1,
        KdElementType.Float16 or KdElementType.BFloat16 => 2,
        KdElementType.Float32 => 4,
        KdElementType.Float64 or KdElementType.Int64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected a known element type"),
    };

    /// <summary>What a kernel makes of a value: float32, rounded once more where the type is narrower.</summary>
    public static double Round(double value, KdElementType type) => type switch
    {
        KdElementType.Float16 => (double)(Half)(float)value,
        KdElementType.BFloat16 => BFloatToSingle(SingleToBFloat((float)value)),
        KdElementType.Float32 => (float)value,
        _ => value,
    };

    /// <summary>Half a unit in the last place of a value: what one rounding to the type may add.</summary>
    public static double RoundingError(double value, KdElementType type) => type switch
    {
        KdElementType.Float16 => value == 0 ? 0 : Math.ScaleB(1, Math.Max(Math.ILogB(value), -14) - 11),
        KdElementType.BFloat16 => value == 0 ? 0 : Math.ScaleB(1, Math.Max(Math.ILogB(value), -126) - 8),
        _ => 0,
    };

    public static void Encode(double value, KdElementType type, Span<byte> bytes)
    {
        switch (type)
        {
            case KdElementType.Float16:
                BitConverter.TryWriteBytes(bytes, (Half)(float)value);
                break;
            case KdElementType.BFloat16:
                BitConverter.TryWriteBytes(bytes, SingleToBFloat((float)value));
                break;
            case KdElementType.Float32:
                BitConverter.TryWriteBytes(bytes, (float)value);
                break;
            case KdElementType.Int64:
                BitConverter.TryWriteBytes(bytes, (long)value);
                break;
            default:
                BitConverter.TryWriteBytes(bytes, value);
                break;
        }
    }

    public static double Decode(KdElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        KdElementType.Float16 => (double)BitConverter.ToHalf(bytes),
        KdElementType.BFloat16 => BFloatToSingle(BitConverter.ToUInt16(bytes)),
        KdElementType.Float32 => BitConverter.ToSingle(bytes),
        KdElementType.Int64 => BitConverter.ToInt64(bytes),
        _ => BitConverter.ToDouble(bytes),
    };

    private static ushort SingleToBFloat(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static float BFloatToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
