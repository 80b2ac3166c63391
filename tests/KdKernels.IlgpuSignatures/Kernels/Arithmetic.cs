namespace ILGPU;

/// <summary>The bits of floating-point values.</summary>
public static class Interop
{
    public static uint FloatAsInt(float value) => throw Signature.Only(nameof(Interop));

    public static ulong FloatAsInt(double value) => throw Signature.Only(nameof(Interop));

    public static float IntAsFloat(uint value) => throw Signature.Only(nameof(Interop));

    public static double IntAsFloat(ulong value) => throw Signature.Only(nameof(Interop));

    public static int SizeOf<T>()
        where T : unmanaged => throw Signature.Only(nameof(Interop));
}

/// <summary>Arithmetic that is one instruction.</summary>
public static class IntrinsicMath
{
    public static float Abs(float value) => throw Signature.Only(nameof(IntrinsicMath));

    public static double Abs(double value) => throw Signature.Only(nameof(IntrinsicMath));

    public static int Abs(int value) => throw Signature.Only(nameof(IntrinsicMath));

    public static float Min(float first, float second) => throw Signature.Only(nameof(IntrinsicMath));

    public static double Min(double first, double second) => throw Signature.Only(nameof(IntrinsicMath));

    public static int Min(int first, int second) => throw Signature.Only(nameof(IntrinsicMath));

    public static long Min(long first, long second) => throw Signature.Only(nameof(IntrinsicMath));

    public static uint Min(uint first, uint second) => throw Signature.Only(nameof(IntrinsicMath));

    public static float Max(float first, float second) => throw Signature.Only(nameof(IntrinsicMath));

    public static double Max(double first, double second) => throw Signature.Only(nameof(IntrinsicMath));

    public static int Max(int first, int second) => throw Signature.Only(nameof(IntrinsicMath));

    public static long Max(long first, long second) => throw Signature.Only(nameof(IntrinsicMath));

    public static uint Max(uint first, uint second) => throw Signature.Only(nameof(IntrinsicMath));
}
