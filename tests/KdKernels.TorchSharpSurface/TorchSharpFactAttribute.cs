namespace KdKernels.TorchSharpSurface;

/// <summary>A test that needs a real TorchSharp.dll, named by KD_TORCHSHARP_DLL, and our subset to compare with it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TorchSharpFactAttribute : FactAttribute
{
    internal const string Variable = "KD_TORCHSHARP_DLL";

    /// <summary>Decides whether to skip.</summary>
    public TorchSharpFactAttribute()
    {
#if TORCHSHARP_PACKAGE
        Skip = "this build uses TorchSharp itself; there is no subset to compare";
#else
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
            Skip = $"{Variable} is not set to the path of a TorchSharp.dll";
        else if (!File.Exists(path))
            Skip = $"{Variable} is {path}, which does not exist";
#endif
    }
}
