namespace KdKernels.TorchSharpSurface;

/// <summary>A test of our subset, which is not there in a build against TorchSharp itself.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SubsetFactAttribute : FactAttribute
{
    /// <summary>Decides whether to skip.</summary>
    public SubsetFactAttribute()
    {
#if TORCHSHARP_PACKAGE
        Skip = "this build uses TorchSharp itself; there is no subset to look at";
#endif
    }
}
