namespace KdKernels.Core;

/// <summary>Work on attention maps, to be compiled for a vector width, an element type and a power.</summary>
internal interface IAttentionProgram
{
    void Run<TVector, TElement, TPower>()
        where TVector : unmanaged, IWideVector<TVector>
        where TElement : unmanaged
        where TPower : struct, IAttentionPower;
}

/// <summary>Runs attention programs with the vector width in use.</summary>
internal static class AttentionSquaredCpu
{
    public static void Run<TProgram>(TProgram program, KdElementType type, int power)
        where TProgram : struct, IAttentionProgram
    {
        switch (power)
        {
            case 1:
                Run<TProgram, AttentionPower1>(program, type);
                break;
            case 2:
                Run<TProgram, AttentionPower2>(program, type);
                break;
            default:
                Run<TProgram, AttentionPower4>(program, type);
                break;
        }
    }

    private static void Run<TProgram, TPower>(TProgram program, KdElementType type)
        where TProgram : struct, IAttentionProgram
        where TPower : struct, IAttentionPower
    {
        switch (KdCpu.Width, type == KdElementType.Float32)
        {
            case (VectorWidth.Bits512, true):
                program.Run<Float64x8, float, TPower>();
                break;
            case (VectorWidth.Bits512, false):
                program.Run<Float64x8, double, TPower>();
                break;
            case (VectorWidth.Bits256, true):
                program.Run<Float64x4, float, TPower>();
                break;
            case (VectorWidth.Bits256, false):
                program.Run<Float64x4, double, TPower>();
                break;
            case (_, true):
                program.Run<Float64x1, float, TPower>();
                break;
            default:
                program.Run<Float64x1, double, TPower>();
                break;
        }
    }
}
