namespace KdKernels.Distillation.Tests.Data;

/// <summary>A test on real images: skipped, visibly, where KD_DATA does not name a folder that has them.</summary>
public sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute(string relativePath)
    {
        string? root = Environment.GetEnvironmentVariable("KD_DATA");
        if (string.IsNullOrEmpty(root) || !File.Exists(Path.Combine(root, relativePath)))
            Skip = $"KD_DATA names no folder with {relativePath}";
    }
}
