namespace KdKernels.Core;

/// <summary>Work on FSP matrices, to be compiled for a vector width and an element type.</summary>
internal interface IFspProgram
{
    void Run<TVector, TElement>()
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged;
}

/// <summary>Runs FSP programs with the vector width in use.</summary>
internal static class FspCpu
{
    public static void Run<TProgram>(TProgram program, KdElementType type)
        where TProgram : struct, IFspProgram
    {
        switch (KdCpu.Width, type == KdElementType.Float32)
        {
            case (VectorWidth.Bits512, true):
                program.Run<Float32x16, float>();
                break;
            case (VectorWidth.Bits512, false):
                program.Run<Float64x8, double>();
                break;
            case (VectorWidth.Bits256, true):
                program.Run<Float32x8, float>();
                break;
            case (VectorWidth.Bits256, false):
                program.Run<Float64x4, double>();
                break;
            case (_, true):
                program.Run<Float32x1, float>();
                break;
            default:
                program.Run<Float64x1, double>();
                break;
        }
    }
}
