namespace KdKernels.TorchSharpSurface.Generated;

internal static class Surface
{
}
