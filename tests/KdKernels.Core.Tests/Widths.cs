using KdKernels.Core;
namespace KdKernels.Core.Tests;

/// <summary>The vector widths under a public name, for theory data.</summary>
public enum VectorWidthName
{
    Scalar,
    Bits256,
    Bits512,
}

/// <summary>Runs code with a forced vector width; widths that the processor lacks fall out.</summary>
internal static class Widths
{
    public static void ForEach(Action action)
    {
        foreach (VectorWidthName width in Enum.GetValues<VectorWidthName>()) With(width, action);
    }

    public static void With(VectorWidthName name, Action action)
    {
        var width = (VectorWidth)(int)name;
        if (width > KdCpu.WidestWidth) return;
        VectorWidth before = KdCpu.Width;
        KdCpu.Width = width;
        try
        {
            action();
        }
        finally
        {
            KdCpu.Width = before;
        }
    }
}
