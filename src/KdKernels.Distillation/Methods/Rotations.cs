using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>Batches in four orientations.</summary>
internal static class Rotations
{
    public const int Count = 4;

    /// <summary>What methods together ask for; there is one kind, which all that ask for it share.</summary>
    public static BatchExpansion Of(IEnumerable<MethodInstance> methods) => methods
        .Select(method => MethodCatalog.Find(method.Recipe.Name)!.Expansion)
        .FirstOrDefault(kind => kind != BatchExpansion.None);

    /// <summary>B images and, where the batch is expanded, behind them the same turned by 90, 180 and 270 degrees
    /// counter-clockwise: <c>[4B, C, H, W]</c>, block r turned r times.</summary>
    public static Tensor Expand(Tensor images, BatchExpansion expansion)
    {
        if (expansion == BatchExpansion.None)
        {
            return images;
        }

        Tensor transposed = images.transpose(2, 3);
        return cat([images, transposed.flip(2), images.flip(2, 3), transposed.flip(3)]);
    }
}
